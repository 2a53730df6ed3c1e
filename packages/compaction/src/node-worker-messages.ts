/**
 * What a runner and its threads say to each other. Plain data.
 *
 *     runner → thread    WorkerStart, once, when it is started; then an Assignment whenever the thread is free
 *     thread → runner    for each assignment any number of progress reports, then `done` or `failed`
 */
import type { ModuleReference } from '@lsm/base'

import type { Job } from './run-job.ts'
import type { JobProgress, JobResult } from './job.ts'
import type { ComponentReferences } from './module-reference.ts'
import type { PortableError } from './portable-error.ts'

/** What a thread works with. */
export interface WorkerStart {
  readonly directory: ModuleReference
  readonly components: ComponentReferences
  /** The rate limiter that all threads share. */
  readonly limit: { readonly bytesPerSecond: number; readonly shared: ArrayBufferLike } | undefined
}

/** A job to do. */
export interface Assignment {
  readonly job: Job
  /** One 32-bit word; the job stops when it is not 0. */
  readonly cancel: SharedArrayBuffer
  /** Whether progress is to be reported. */
  readonly tells: boolean
}

/** What a thread says of its assignment. */
export type Report =
  | { readonly kind: 'progress'; readonly progress: JobProgress }
  | { readonly kind: 'done'; readonly result: JobResult }
  | { readonly kind: 'failed'; readonly error: PortableError }
