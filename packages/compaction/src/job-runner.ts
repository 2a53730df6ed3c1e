/**
 * Who does a job, and in which thread.
 */
import { LsmError, type Directory } from '@lsm/base'

import type { Cancellation, JobProgress, JobResult, JobSurroundings } from './job.ts'
import { SlicedPace } from './pace.ts'
import type { RateLimiter } from './rate-limiter.ts'
import type { Job } from './run-job.ts'
import type { TableComponents } from './table-settings.ts'

/** How a running job is watched and stopped. */
export interface JobControl {
  /** Stops the job, which then fails with `LSM_ABORTED`. */
  readonly signal?: AbortSignal | undefined
  /** Called now and then. */
  readonly onProgress?: ((progress: JobProgress) => void) | undefined
}

/** Runs jobs: plain data in, plain data out. */
export interface JobRunner {
  /** Whether jobs share the thread of whoever asks for them. */
  readonly kind: 'inline' | 'workers'
  /** How many jobs it does at a time; more of them wait, or take turns. */
  readonly parallel: number
  /** Runs a job to its end, its failure, or its cancellation (`LSM_ABORTED`). Nothing of a failed job stays on disk. */
  run(job: Job, control?: JobControl): Promise<JobResult>
  /** Cancels what is running (`LSM_ABORTED`), waits for its end, and takes no more jobs (`LSM_CLOSED`). */
  close(): Promise<void>
}

/** Milliseconds that a job may hold the event loop. */
const SLICE = 4

/** Runs jobs in the calling thread, in slices that leave the event loop free in between. Several jobs take turns. */
export class InlineRunner implements JobRunner {
  readonly kind = 'inline'
  readonly parallel = 1
  readonly #directory: Directory
  readonly #components: TableComponents
  readonly #limiter: RateLimiter | undefined
  readonly #running = new Set<Promise<unknown>>()
  #closed = false

  constructor(directory: Directory, components: TableComponents, limiter?: RateLimiter) {
    this.#directory = directory
    this.#components = components
    this.#limiter = limiter
  }

  async run(job: Job, { signal, onProgress }: JobControl = {}): Promise<JobResult> {
    if (this.#closed) throw new LsmError('LSM_CLOSED', 'the runner of jobs is closed')
    const running = this.#run(job, {
      directory: this.#directory,
      components: this.#components,
      pace: new SlicedPace(SLICE),
      ownThread: false,
      limiter: this.#limiter,
      cancellation: this.#cancellation(signal),
      onProgress,
    })
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#running)
  }

  async #run(job: Job, surroundings: JobSurroundings): Promise<JobResult> {
    const { runJob } = await import('./run-job.ts')
    return runJob(job, surroundings)
  }

  /** Stops a job when its signal says so, or when the runner is closed. */
  #cancellation(signal: AbortSignal | undefined): Cancellation {
    const isClosed = (): boolean => this.#closed
    return {
      get aborted() {
        return signal?.aborted === true || isClosed()
      },
      get reason() {
        return signal?.aborted === true ? signal.reason : new LsmError('LSM_CLOSED', 'the runner of jobs is closed')
      },
    }
  }
}
