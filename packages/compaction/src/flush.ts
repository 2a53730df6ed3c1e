/**
 * A frozen memtable becomes a table of level 0.
 *
 * 1. The table is complete and synced, and its name durable, before the job ends: what is installed survives.
 * 2. A job that fails or is cancelled removes what it wrote.
 *
 * Does not number files, and does not know versions: it gets a number and gives back what it made.
 */
import { LsmError, VALID, type Directory } from '@lsm/base'
import { tableFileName, type FileMetadata } from '@lsm/manifest'
import { MemTable, type SharedMemTable } from '@lsm/memtable'
import { TableBuilder } from '@lsm/sstable'

import type { Pace } from './pace.ts'
import { Retention } from './retention.ts'
import { codecOf, filtersOf, type TableComponents, type TableSettings } from './table-settings.ts'

/** What to flush, and how. Plain data. */
export interface FlushJob {
  readonly kind: 'flush'
  readonly memtable: SharedMemTable
  /** The number reserved for the table. */
  readonly fileNumber: number
  /** The oldest sequence number that anybody reads as of; versions that it hides are dropped. */
  readonly oldestReader: number
  /** Milliseconds since 1970 to note in the table. */
  readonly createdAt: number
  readonly table: TableSettings
}

/** What a flush made. Plain data. */
export interface FlushResult {
  readonly file: FileMetadata
  readonly entries: number
  /** Entries that no reader could see any more. */
  readonly dropped: number
}

/** Where a job works, with what, and how it is stopped. */
export interface JobSurroundings {
  readonly directory: Directory
  readonly components: TableComponents
  readonly pace: Pace
  readonly signal: AbortSignal | undefined
}

/** Entries between two looks at the clock. */
const ENTRIES_PER_LOOK = 64

/** Runs a flush to its end. */
export async function flush(job: FlushJob, surroundings: JobSurroundings): Promise<FlushResult> {
  const { directory, components } = surroundings
  const name = tableFileName(job.fileNumber)
  const file = await directory.createFile(name)
  try {
    const builder = new TableBuilder(file, {
      blockSize: job.table.blockSize,
      blockRestartInterval: job.table.blockRestartInterval,
      codec: codecOf(job.table, components),
      filters: filtersOf(job.table, components),
      creator: job.table.creator,
      createdAt: job.createdAt,
    })
    const dropped = await fill(builder, job, surroundings)
    const { entries } = builder
    const { size, smallest, largest } = builder.finish()
    await file.sync()
    await file.close()
    await directory.sync()
    return { file: { number: job.fileNumber, size, smallest, largest }, entries, dropped }
  } catch (error) {
    await file.close().catch(() => undefined)
    await directory.removeFile(name).catch(() => undefined)
    throw error
  }
}

/** Puts the memtable's entries into the table; says how many were left out. */
async function fill(builder: TableBuilder, job: FlushJob, { pace, signal }: JobSurroundings): Promise<number> {
  const source = MemTable.fromShared(job.memtable).iterator()
  const retention = new Retention(job.oldestReader)
  let dropped = 0
  let untilLook = ENTRIES_PER_LOOK
  for (let move = source.seekToFirst(); move === VALID; move = source.next()) {
    if (retention.keeps(source.key, source.keyStart, source.keyEnd)) {
      builder.add(source.key, source.keyStart, source.keyEnd, source.value, source.valueStart, source.valueEnd)
    } else dropped++
    if (--untilLook > 0) continue
    untilLook = ENTRIES_PER_LOOK
    if (pace.due()) await pace.yield()
    if (signal?.aborted) throw new LsmError('LSM_ABORTED', 'the flush was cancelled', { cause: signal.reason })
  }
  return dropped
}
