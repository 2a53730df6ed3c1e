/**
 * Memtables become tables in one edit, outside of the background work: at the open those that must leave the logs, at the
 * close those that would take long to replay.
 *
 * 1. The oldest comes first, so that a greater table number in level 0 is newer.
 * 2. Nothing is installed: the caller completes the edit. Tables of an edit that never came are removed by the next open.
 */
import type { JobRunner, TableSettings } from '@lsm/compaction'
import type { VersionEdit, VersionSet } from '@lsm/manifest'
import type { MemTable } from '@lsm/memtable'

import type { TableFacts } from './table-facts.ts'

/** What {@link flushAll} works with. */
export interface FlushAllParts {
  readonly versions: VersionSet
  readonly runner: JobRunner
  readonly table: TableSettings
  /** Is told what is known of the tables. */
  readonly facts: TableFacts
  /** Gets the tables. */
  readonly edit: VersionEdit
}

/** Writes memtables to tables of level 0; `lastSequence` is what everybody reads as of. */
export async function flushAll(
  memtables: readonly MemTable[],
  lastSequence: number,
  { versions, runner, table, facts, edit }: FlushAllParts,
): Promise<void> {
  for (const memtable of memtables) {
    memtable.freeze()
    const { files } = await runner.run({
      kind: 'flush',
      memtable: memtable.share(),
      fileNumber: versions.newFileNumber(),
      readers: [lastSequence],
      createdAt: Date.now(),
      table,
    })
    for (const written of files) {
      const { number, size, smallest, largest } = written
      edit.added.push({ level: 0, file: { number, size, smallest, largest } })
      facts.note(written)
    }
  }
}
