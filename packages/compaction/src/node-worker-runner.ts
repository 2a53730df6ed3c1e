/**
 * Does jobs in worker threads, so that the event loop stays free.
 *
 * A flush reads the memtable where it lies, in shared memory; a compaction reads and writes its files by itself. Only
 * the job and its result are posted. A thread takes some 30 ms to start, so threads stay once they are started, and are
 * started when there is a job for them.
 *
 * 1. At most so many threads as were asked for. Jobs wait for a free one, flushes before compactions: writes stall for
 *    them. With more than one thread, one is always kept free of compactions.
 * 2. When a thread dies, its job fails with `LSM_IO`; the files that it had begun are removed here, once the thread has
 *    ended; another thread takes its place when there is a job for it.
 */
import { LsmError, type Directory } from '@lsm/base'
import { tableFileName } from '@lsm/manifest'

import type { JobControl, JobRunner } from './job-runner.ts'
import type { Job } from './run-job.ts'
import type { JobResult } from './job.ts'
import { referencesTo } from './module-reference.ts'
import type { WorkerStart } from './node-worker-messages.ts'
import { WorkerThread } from './node-worker-thread.ts'
import type { RateLimiter } from './rate-limiter.ts'
import type { TableComponents } from './table-settings.ts'

/** A job that waits for a thread. */
interface Waiting {
  readonly job: Job
  readonly start: () => void
}

/** See the head of this file. */
export class WorkerRunner implements JobRunner {
  readonly kind = 'workers'
  readonly parallel: number
  readonly #directory: Directory
  readonly #start: WorkerStart
  readonly #idle: WorkerThread[] = []
  readonly #waiting: Waiting[] = []
  readonly #running = new Set<Promise<unknown>>()
  readonly #closing = new AbortController()
  /** Jobs that have a thread, and compactions among them. */
  #jobs = 0
  #compactions = 0

  /**
   * Starts no thread yet.
   *
   * @param workers - threads at most; at least 1.
   * @throws LsmError `LSM_NOT_SUPPORTED` if another thread cannot reach the directory or a component.
   */
  constructor(directory: Directory, components: TableComponents, workers: number, limiter?: RateLimiter) {
    if (!Number.isInteger(workers) || workers < 1) throw new TypeError('workers must be a whole number above 0')
    this.parallel = workers
    this.#directory = directory
    this.#start = startOf(directory, components, limiter)
  }

  async run(job: Job, { signal, onProgress }: JobControl = {}): Promise<JobResult> {
    const closing = this.#closing.signal
    const stop = signal === undefined ? closing : AbortSignal.any([signal, closing])
    const running = this.#run(job, stop, onProgress)
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(closed())
    await Promise.allSettled(this.#running)
    await Promise.all(this.#idle.splice(0).map(thread => thread.terminate()))
  }

  async #run(job: Job, signal: AbortSignal, onProgress: JobControl['onProgress']): Promise<JobResult> {
    await this.#turn(job, signal)
    try {
      if (signal.aborted) throw this.#aborted(signal)
      return await this.#runInThread(job, { signal, onProgress })
    } finally {
      this.#leave(job)
    }
  }

  async #runInThread(job: Job, control: JobControl): Promise<JobResult> {
    const thread = this.#thread()
    try {
      return await thread.run(job, control)
    } catch (error) {
      if (thread.ended) await this.#removeOutputs(job)
      throw error
    } finally {
      if (!thread.ended) this.#idle.push(thread)
    }
  }

  /** An idle thread that lives, or a new one. */
  #thread(): WorkerThread {
    for (let thread = this.#idle.pop(); thread !== undefined; thread = this.#idle.pop()) {
      if (!thread.ended) return thread
    }
    try {
      return new WorkerThread(this.#start)
    } catch (cause) {
      throw new LsmError('LSM_IO', 'a worker thread could not be started', { cause })
    }
  }

  /** Waits until it is the job's turn; rejects when the job is cancelled meanwhile. */
  async #turn(job: Job, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw this.#aborted(signal)
    if (this.#waiting.length > 0 || !this.#hasRoomFor(job)) await this.#wait(job, signal)
    else this.#enter(job)
  }

  #wait(job: Job, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
        reject(this.#aborted(signal))
      }
      const start = (): void => {
        signal.removeEventListener('abort', abort)
        this.#enter(job)
        resolve()
      }
      const waiting: Waiting = { job, start }
      this.#waiting.push(waiting)
      signal.addEventListener('abort', abort, { once: true })
      this.#next()
    })
  }

  /** Starts what waits and has room, flushes first. */
  #next(): void {
    for (;;) {
      const ready = this.#waiting.filter(({ job }) => this.#hasRoomFor(job))
      const chosen = ready.find(({ job }) => job.kind === 'flush') ?? ready[0]
      if (chosen === undefined) return
      this.#waiting.splice(this.#waiting.indexOf(chosen), 1)
      chosen.start()
    }
  }

  #hasRoomFor(job: Job): boolean {
    if (this.#jobs >= this.parallel) return false
    return job.kind === 'flush' || this.#compactions < Math.max(1, this.parallel - 1)
  }

  #enter(job: Job): void {
    this.#jobs++
    if (job.kind === 'compaction') this.#compactions++
  }

  #leave(job: Job): void {
    this.#jobs--
    if (job.kind === 'compaction') this.#compactions--
    this.#next()
  }

  #aborted(signal: AbortSignal): LsmError {
    if (this.#closing.signal.aborted) return closed()
    return new LsmError('LSM_ABORTED', 'the job was cancelled', { cause: signal.reason })
  }

  /** Removes what a dead thread may have left; what it did not begin is not there. */
  async #removeOutputs(job: Job): Promise<void> {
    const numbers = job.kind === 'flush' ? [job.fileNumber] : job.fileNumbers
    for (const number of numbers) await this.#directory.removeFile(tableFileName(number)).catch(() => undefined)
  }
}

function startOf(directory: Directory, components: TableComponents, limiter: RateLimiter | undefined): WorkerStart {
  const references = referencesTo(components)
  if (directory.module === undefined || typeof references === 'string') {
    const reason = typeof references === 'string' ? references : NO_MODULE
    throw new LsmError('LSM_NOT_SUPPORTED', reason)
  }
  const limit = limiter === undefined ? undefined : { bytesPerSecond: limiter.bytesPerSecond, shared: limiter.shared }
  return { directory: directory.module, components: references, limit }
}

const NO_MODULE = 'the file system has no module that another thread could load'

function closed(): LsmError {
  return new LsmError('LSM_CLOSED', 'the runner of jobs is closed')
}
