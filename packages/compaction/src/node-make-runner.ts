/**
 * Where jobs are done: in worker threads if that is asked for and possible, else in this thread.
 */
import { LsmError, type Directory } from '@lsm/base'
import { existsSync } from 'node:fs'

import { InlineRunner, type JobRunner } from './job-runner.ts'
import { WorkerRunner } from './node-worker-runner.ts'
import { WORKER_URL } from './node-worker-thread.ts'
import type { RateLimiter } from './rate-limiter.ts'
import type { TableComponents } from './table-settings.ts'

/** What a runner works with. */
export interface RunnerParts {
  readonly directory: Directory
  readonly components: TableComponents
  /** Threads at most; 0 for none. */
  readonly workers: number
  readonly limiter?: RateLimiter | undefined
}

/** A runner, and in plain words why it has no threads though some were asked for. */
export interface MadeRunner {
  readonly runner: JobRunner
  readonly reason: string | undefined
}

/** Makes the best runner that there can be. */
export function makeRunner({ directory, components, workers, limiter }: RunnerParts): MadeRunner {
  const inline = (reason: string | undefined): MadeRunner => {
    return { runner: new InlineRunner(directory, components, limiter), reason }
  }
  if (workers === 0) return inline(undefined)
  if (!existsSync(WORKER_URL)) return inline(`the module of the worker threads is not at ${WORKER_URL.href}`)
  if (!mayStartWorkers()) return inline('the permission model forbids worker threads; --allow-worker permits them')
  try {
    return { runner: new WorkerRunner(directory, components, workers, limiter), reason: undefined }
  } catch (error) {
    if (error instanceof LsmError && error.code === 'LSM_NOT_SUPPORTED') return inline(error.message)
    throw error
  }
}

/** Whether Node's permission model, if it is on, permits worker threads. */
function mayStartWorkers(): boolean {
  const { permission } = process as { permission?: { has(scope: string): boolean } }
  return permission?.has('worker') ?? true
}
