/**
 * Tables of several levels become tables of one level, without what nobody can read any more.
 *
 *     level 0   [ newest table ] [ table ] [ oldest ]  ─┐
 *     level 1   [ a … f ] [ g … m ]                    ─┴ merge → retention → [ a … e ] [ f … m ]   output level
 *
 * 1. The inputs are read by readers of the job's own: nothing of them enters a shared cache.
 * 2. An input that is damaged makes the job fail as a whole: it is neither dropped nor spread.
 * 3. The outputs are complete and synced, and their names durable, before the job ends; see `rewrite` for its failure.
 *
 * Does not choose the inputs, and does not install the outputs.
 */
import { MergingIterator, ReadContext } from '@lsm/base'
import { tableFileName } from '@lsm/manifest'
import { BlockCache, LevelIterator, TableCache } from '@lsm/sstable'

import { BlockLoads } from './block-loads.ts'
import type { JobResult, JobSurroundings } from './job.ts'
import { OlderTables } from './older-tables.ts'
import { OutputSplitter } from './output-splitter.ts'
import { OutputTables } from './output-tables.ts'
import { Retention } from './retention.ts'
import { rewrite } from './rewrite.ts'
import { SequentialDirectory } from './sequential-directory.ts'
import type { LevelInput, TableDescription } from './strategy.ts'
import { builderOptions, type TableSettings } from './table-settings.ts'
import { verifyTables } from './verify-tables.ts'

/** What to merge, and how. Plain data; the first five are those of a strategy's plan. */
export interface CompactionJob {
  /** Tells it from a flush. */
  readonly kind: 'compaction'
  /** By level; of level 0 the newest table first, of the others by key. */
  readonly inputs: readonly LevelInput[]
  /** The level that the outputs are for: below level 0 they must not overlap. */
  readonly outputLevel: number
  /** Tables outside the inputs that may hold older versions of their keys: a deletion is dropped where none encloses its key. */
  readonly older: readonly LevelInput[]
  /** Tables of the level below the outputs. */
  readonly grandparents: readonly TableDescription[]
  /** Bytes at which an output is closed. */
  readonly maxTableSize: number
  /** Bytes of grandparents that an output may overlap. */
  readonly maxGrandparentOverlap: number
  /** Reserved for the outputs. With few of them the last output becomes larger; what is left over is never used. */
  readonly fileNumbers: readonly number[]
  /** The sequence numbers that somebody reads as of, ascending; the last is the newest one given out. */
  readonly readers: readonly number[]
  /** Milliseconds since 1970 to note in the outputs. */
  readonly createdAt: number
  /** How the outputs are built. */
  readonly table: TableSettings
  /** Whether checksums of the inputs are compared. */
  readonly verifyChecksums: boolean
  /** The most bytes that a block of the inputs may have. */
  readonly maxBlockSize: number
  /** Whether the outputs are opened again and every block of them is checked. */
  readonly verifyOutput: boolean
}

/** Runs a compaction to its end. */
export async function compact(job: CompactionJob, surroundings: JobSurroundings): Promise<JobResult> {
  const { components } = surroundings
  const directory = new SequentialDirectory(surroundings.directory)
  const context = new ReadContext()
  const runs = sortedRuns(job.inputs)
  const tables = new TableCache(directory, runs.length, {
    verifyChecksums: job.verifyChecksums,
    maxBlockSize: job.maxBlockSize,
    codecs: components.codecs,
    filters: [],
    cache: new BlockCache(0),
    passing: true,
  })
  const levels = runs.map(run => new LevelIterator(run, tables, context))
  const older = new OlderTables(job.older)
  const parts = {
    source: new MergingIterator(levels),
    context,
    loads: new BlockLoads(context, directory.openFileSync !== undefined, surroundings.ownThread),
    retention: new Retention(job.readers, (key, start, end) => older.cover(key, start, end)),
    splitter: new OutputSplitter({ ...job, maxTables: job.fileNumbers.length }),
    outputs: new OutputTables(surroundings.directory, job.fileNumbers, builderOptions(job, components)),
    bytesRead: () => directory.bytesRead,
    sourceName: tableFileName(runs[0][0].number),
    check: job.verifyOutput ? verifyTables(job, surroundings) : undefined,
  }
  try {
    return await rewrite(parts, surroundings)
  } finally {
    for (const level of levels) level.close()
    await tables.close()
    await directory.settled()
  }
}

/** The inputs as runs of tables without overlap: a table of level 0 is one by itself. */
function sortedRuns(inputs: readonly LevelInput[]): (readonly TableDescription[])[] {
  const runs = inputs.flatMap(({ level, tables }) => (level === 0 ? tables.map(table => [table]) : [tables]))
  const filled = runs.filter(run => run.length > 0)
  if (filled.length === 0) throw new TypeError('a compaction needs at least one table')
  return filled
}
