/**
 * What is common to all jobs: what they give back, how they are watched and stopped, and where they work.
 *
 * A job is plain data, and so is its result: both can be posted to another thread. Numbers for files are reserved by
 * whoever asks for the job; which of them were used, the result says.
 */
import { LsmError, type Directory } from '@lsm/base'

import type { OutputTable } from './output-tables.ts'
import type { Pace } from './pace.ts'
import type { RateLimiter } from './rate-limiter.ts'
import type { TableComponents } from './table-settings.ts'

/** What a job made. */
export interface JobResult {
  /** The tables that were written, in the order of their keys; none if no entry was left. */
  readonly files: readonly OutputTable[]
  /** Entries that came in, deletions included. */
  readonly entriesRead: number
  /** Entries of the tables written, deletions included. */
  readonly entriesWritten: number
  /** Entries that no reader could see any more. */
  readonly dropped: number
  /** Bytes read from tables. */
  readonly bytesRead: number
  /** Bytes of the tables written. */
  readonly bytesWritten: number
}

/** How far a job has come. */
export interface JobProgress {
  /** Entries read. */
  readonly entries: number
  /** Bytes read from tables. */
  readonly bytesRead: number
  /** Bytes written into tables. */
  readonly bytesWritten: number
}

/** Whether a job is to stop. An `AbortSignal` is one. */
export interface Cancellation {
  /** Whether the job is to stop. Looked at again and again. */
  readonly aborted: boolean
  /** Why; becomes the `cause` of the error. */
  readonly reason?: unknown
}

/** @throws LsmError `LSM_ABORTED` if the job is to stop. */
export function throwIfCancelled(cancellation: Cancellation | undefined): void {
  if (cancellation?.aborted !== true) return
  throw new LsmError('LSM_ABORTED', 'the job was cancelled', { cause: cancellation.reason })
}

/** Where a job works, with what, and how it is watched and stopped. */
export interface JobSurroundings {
  /** Where inputs are read and outputs written. */
  readonly directory: Directory
  /** Codecs and filter policies. */
  readonly components: TableComponents
  /** How long the job may hold its thread. */
  readonly pace: Pace
  /** Whether nothing else waits for the thread, so that the job may hold it as long as it likes. */
  readonly ownThread: boolean
  /** Bounds the rate of writing, if given. */
  readonly limiter?: RateLimiter | undefined
  /** Stops the job with `LSM_ABORTED`. */
  readonly cancellation?: Cancellation | undefined
  /** Called at the beginning, at the end of each slice, and at the end. */
  readonly onProgress?: ((progress: JobProgress) => void) | undefined
}
