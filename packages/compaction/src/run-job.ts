/**
 * Runs a job in the calling thread. Apart from the runners, which load it when the first job comes: it brings everything that
 * reads, merges and writes tables.
 */
import { compact, type CompactionJob } from './compaction.ts'
import { flush, type FlushJob } from './flush.ts'
import type { JobResult, JobSurroundings } from './job.ts'

/** A job of any kind. Plain data. */
export type Job = FlushJob | CompactionJob

/** Runs a job in the calling thread. */
export function runJob(job: Job, surroundings: JobSurroundings): Promise<JobResult> {
  return job.kind === 'flush' ? flush(job, surroundings) : compact(job, surroundings)
}
