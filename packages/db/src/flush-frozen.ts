/**
 * What a flush does: a frozen memtable becomes a table of level 0.
 *
 *     memtable ─▶ job ─▶ table ─▶ record of the MANIFEST ─▶ memtable and logs are superfluous
 *
 * 1. The table is installed in the MANIFEST before its memtable is forgotten and its log may be removed.
 * 2. Nothing of a flush that failed stays, and it may be tried again.
 *
 * Does not decide when, or what becomes of a failure.
 */
import type { JobResult, JobRunner, TableSettings } from '@lsm/compaction'
import { VersionEdit, type VersionSet } from '@lsm/manifest'

import type { FrozenMemTable, MemTableList } from './memtable-list.ts'
import type { MemTablePool } from './memtable-pool.ts'
import type { ObsoleteFiles } from './obsolete-files.ts'
import type { SnapshotList } from './snapshot-list.ts'
import type { TableFacts } from './table-facts.ts'

/** What a flush uses. */
export interface FlushParts {
  readonly versions: VersionSet
  readonly memtables: MemTableList
  readonly pool: MemTablePool
  readonly snapshots: SnapshotList
  readonly facts: TableFacts
  readonly runner: JobRunner
  readonly table: TableSettings
  readonly obsolete: ObsoleteFiles
  /** The number of the newest write. */
  readonly newest: () => number
  /** Called when memtables or tables have changed. */
  readonly onChange: () => void
}

/** What a flush has written. */
export interface Flushed {
  /** The table's file number. */
  readonly table: number
  readonly bytes: number
  readonly entries: number
}

/** Flushes the oldest frozen memtable. */
export async function flushFrozen(parts: FlushParts, frozen: FrozenMemTable, signal: AbortSignal): Promise<Flushed> {
  const { versions, memtables, pool, snapshots, facts, runner, table, obsolete, newest, onChange } = parts
  const fileNumber = versions.newFileNumber()
  obsolete.protect(fileNumber)
  try {
    const memtable = frozen.memtable.share()
    const readers = snapshots.readers(newest())
    const job = { kind: 'flush', memtable, fileNumber, readers, createdAt: Date.now(), table } as const
    const result = await runner.run(job, { signal })
    await versions.apply(flushEdit(result, frozen))
    for (const file of result.files) facts.note(file)
    memtables.retire(frozen)
    onChange()
    pool.retire(frozen.memtable)
    return { table: fileNumber, bytes: result.bytesWritten, entries: result.entriesWritten }
  } finally {
    obsolete.unprotect(fileNumber)
  }
}

/** What a flush changes: one more table, and the logs that it makes superfluous. */
function flushEdit({ files }: JobResult, { lastSequence, nextLogNumber }: FrozenMemTable): VersionEdit {
  const edit = new VersionEdit()
  edit.logNumber = nextLogNumber
  edit.prevLogNumber = 0
  edit.lastSequence = lastSequence
  for (const { number, size, smallest, largest } of files) {
    edit.added.push({ level: 0, file: { number, size, smallest, largest } })
  }
  return edit
}
