/**
 * A thread that does jobs, one at a time, as `node-worker-runner` sends them.
 *
 * It opens the directory and makes the components once, from what it was started with. A job that fails is told; a
 * thread that cannot start, or dies, ends, and its runner sees that.
 */
import type { Directory } from '@lsm/base'
import { parentPort, workerData } from 'node:worker_threads'

import { runJob } from './run-job.ts'
import type { Cancellation, JobProgress, JobSurroundings } from './job.ts'
import { componentsOf, fromModule } from './module-reference.ts'
import { yieldToProgram } from './node-priority.ts'
import type { Assignment, Report, WorkerStart } from './node-worker-messages.ts'
import { OwnThreadPace } from './pace.ts'
import { toPortable } from './portable-error.ts'
import { RateLimiter } from './rate-limiter.ts'
import type { TableComponents } from './table-settings.ts'

/** Milliseconds between two reports of progress. */
const SLICE = 50

yieldToProgram()

const start = workerData as WorkerStart
const { limit } = start
const limiter = limit === undefined ? undefined : new RateLimiter(limit.bytesPerSecond, limit.shared)
const ready = Promise.all([fromModule<Directory>(start.directory), componentsOf(start.components)])
// A failure is told by the first job, which waits for it.
ready.catch(() => undefined)

parentPort?.on('message', (assignment: Assignment) => {
  void work(assignment).then(report => parentPort?.postMessage(report))
})

async function work(assignment: Assignment): Promise<Report> {
  try {
    const [directory, components] = await ready
    return { kind: 'done', result: await runJob(assignment.job, surroundings(assignment, directory, components)) }
  } catch (error) {
    return { kind: 'failed', error: toPortable(error) }
  }
}

function surroundings(
  { cancel, tells }: Assignment,
  directory: Directory,
  components: TableComponents,
): JobSurroundings {
  return {
    directory,
    components,
    pace: new OwnThreadPace(SLICE),
    ownThread: true,
    limiter,
    cancellation: cancellationOf(new Int32Array(cancel)),
    onProgress: tells ? tell : undefined,
  }
}

/** A job does not return to the event loop, so it is stopped through memory and not by a message. */
function cancellationOf(flag: Int32Array): Cancellation {
  return {
    get aborted() {
      return Atomics.load(flag, 0) !== 0
    },
  }
}

function tell(progress: JobProgress): void {
  const report: Report = { kind: 'progress', progress }
  parentPort?.postMessage(report)
}
