/**
 * A frozen memtable becomes a table of level 0.
 *
 * 1. The table is complete and synced, and its name durable, before the job ends: what is installed survives.
 * 2. A job that fails or is cancelled removes what it wrote; see `rewrite`.
 *
 * Does not number files, and does not know versions: it gets a number and gives back what it made.
 */
import { MergingIterator, ReadContext } from '@lsm/base'
import { MemTable, type SharedMemTable } from '@lsm/memtable'

import { BlockLoads } from './block-loads.ts'
import type { JobResult, JobSurroundings } from './job.ts'
import { OutputSplitter } from './output-splitter.ts'
import { OutputTables } from './output-tables.ts'
import { Retention } from './retention.ts'
import { rewrite } from './rewrite.ts'
import { builderOptions, type TableSettings } from './table-settings.ts'

/** What to flush, and how. Plain data. */
export interface FlushJob {
  /** Tells it from a compaction. */
  readonly kind: 'flush'
  /** A frozen memtable, in shared memory. */
  readonly memtable: SharedMemTable
  /** The number reserved for the table. */
  readonly fileNumber: number
  /** The sequence numbers that somebody reads as of, ascending; the last is the newest one given out. */
  readonly readers: readonly number[]
  /** Whether no table and no other memtable holds anything older: deletions then hide nothing, and are dropped. */
  readonly nothingOlder?: boolean | undefined
  /** Milliseconds since 1970 to note in the table. */
  readonly createdAt: number
  /** How the table is built. */
  readonly table: TableSettings
}

/** One table takes it all. */
const UNBOUNDED = { maxTableSize: Number.POSITIVE_INFINITY, grandparents: [], maxGrandparentOverlap: 0, maxTables: 1 }

/** Runs a flush to its end. */
export function flush(job: FlushJob, surroundings: JobSurroundings): Promise<JobResult> {
  const hides = job.nothingOlder !== true
  const context = new ReadContext()
  const parts = {
    source: new MergingIterator([MemTable.fromShared(job.memtable).iterator()]),
    context,
    loads: new BlockLoads(context, false, false),
    retention: new Retention(job.readers, () => hides),
    splitter: new OutputSplitter(UNBOUNDED),
    outputs: new OutputTables(surroundings.directory, [job.fileNumber], builderOptions(job, surroundings.components)),
    bytesRead: () => 0,
    sourceName: 'memtable',
  }
  return rewrite(parts, surroundings)
}
