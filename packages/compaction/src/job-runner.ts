/**
 * Who does a job, and in which thread.
 */
import type { Directory } from '@lsm/base'

import { flush, type FlushJob, type FlushResult } from './flush.ts'
import { SlicedPace } from './pace.ts'
import type { TableComponents } from './table-settings.ts'

/** Runs jobs: plain data in, plain data out. */
export interface JobRunner {
  /** Runs a job to its end, its failure, or its cancellation (`LSM_ABORTED`). */
  run(job: FlushJob, signal?: AbortSignal): Promise<FlushResult>
}

/** Milliseconds that a job may hold the event loop. */
const SLICE = 4

/** Runs jobs in the calling thread, in slices that leave the event loop free in between. */
export class InlineRunner implements JobRunner {
  readonly #directory: Directory
  readonly #components: TableComponents

  constructor(directory: Directory, components: TableComponents) {
    this.#directory = directory
    this.#components = components
  }

  run(job: FlushJob, signal?: AbortSignal): Promise<FlushResult> {
    return flush(job, {
      directory: this.#directory,
      components: this.#components,
      pace: new SlicedPace(SLICE),
      signal,
    })
  }
}
