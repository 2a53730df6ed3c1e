/**
 * What a writable database starts with: tables of what must leave the logs, a new log, a new MANIFEST.
 *
 * 1. A log that stays is synced before anything is written behind it: its writer may have died before it was, and a
 *    later write that is synced must never survive an earlier one that is not.
 * 2. The new log's name is durable before the MANIFEST could name it; CURRENT is switched last. The log's number is the one
 *    before the MANIFEST's: recovery tells by it which logs are newer than all tables were.
 *
 * Does not read the logs, and sets nothing going.
 */
import { LsmError, type Directory, type DirectoryEntry } from '@lsm/base'
import type { JobRunner } from '@lsm/compaction'
import { logFileName, parseFileName, VersionEdit, type VersionSet } from '@lsm/manifest'
import { MemTable } from '@lsm/memtable'
import { LogWriter } from '@lsm/wal'

import { MemTableList } from './memtable-list.ts'
import type { ResolvedOptions } from './options.ts'
import type { Replayed } from './recovery.ts'
import { TableFacts } from './table-facts.ts'
import type { NumberedLog } from './write-queue.ts'

/** Makes memtables of the size that the options say, or larger, to hold so many bytes and entries. */
export type MemTableMaker = (userBytes: number, count: number) => MemTable

/** What {@link begin} works on. */
export interface BeginParts {
  readonly directory: Directory
  readonly versions: VersionSet
  readonly options: ResolvedOptions
}

/** What a database starts with. */
export interface Begun {
  readonly log: NumberedLog
  readonly memtables: MemTableList
  readonly facts: TableFacts
}

/** Logs with entries that may be left as they are; more become a table when the database is opened. */
const MOST_LOGS_KEPT = 4

/** Makes what a database starts with durable. */
export async function begin(
  { directory, versions, options }: BeginParts,
  entries: readonly DirectoryEntry[],
  replayed: Replayed,
  runner: JobRunner,
): Promise<Begun> {
  for (const { name } of entries) {
    const parsed = parseFileName(name)
    if (parsed !== undefined) versions.markFileNumberUsed(parsed.number)
  }
  versions.lastSequence = replayed.lastSequence
  const edit = new VersionEdit()
  const facts = new TableFacts()
  const kept = mayStayInLogs(replayed, versions.logNumber)
  if (kept) await syncLogs(directory, replayed)
  else await flushReplayed(replayed, { versions, options, runner, edit, facts })
  const log = await createLog(directory, versions)
  edit.logNumber = kept ? (replayed.firstLog ?? log.number) : log.number
  edit.prevLogNumber = 0
  edit.lastSequence = replayed.lastSequence
  await versions.startManifest(edit)
  const active = (kept ? replayed.memtables[0] : undefined) ?? memtableMaker(options)(0, 0)
  return { log, memtables: new MemTableList(active), facts }
}

/** Makes a log, its name durable. */
export async function createLog(directory: Directory, versions: VersionSet): Promise<NumberedLog> {
  const number = versions.newFileNumber()
  const file = await directory.createFile(logFileName(number))
  try {
    await directory.sync()
  } catch (cause) {
    await file.close()
    // Whatever it failed of, a full disk included: a failed sync is not tried again.
    throw new LsmError('LSM_IO', 'the name of a new log could not be made durable', { file: file.name, cause })
  }
  return { number, writer: new LogWriter(file) }
}

/** Makes memtables as the options say. */
export function memtableMaker({ writeBufferSize }: ResolvedOptions): MemTableMaker {
  return (userBytes, count) => MemTable.create(Math.max(writeBufferSize, MemTable.capacityFor(userBytes, count)))
}

/** All that was replayed, for a database that is only read. */
export function recoveredMemTables({ memtables, lastSequence }: Replayed, newMemTable: MemTableMaker): MemTableList {
  const list = new MemTableList(memtables[0] ?? newMemTable(0, 0))
  for (const memtable of memtables.slice(1)) list.rotate(memtable, lastSequence, 0)
  return list
}

/**
 * Whether the replayed entries may go on living in their logs: they fit one memtable, are in few logs, and no log is
 * damaged. A damaged log must go, or its damage would refuse the next open, when it is the newest no more; so must one
 * below the log number, since logs between the two are obsolete and would come back. They must end with the last number
 * that was given out: the next open makes sure that they still do.
 */
function mayStayInLogs(replayed: Replayed, logNumber: number): boolean {
  const { memtables, logs, dropped, firstLog, replayedTo, lastSequence } = replayed
  if (replayedTo !== lastSequence) return false
  if (memtables.length > 1 || dropped.length > 0 || (firstLog !== undefined && firstLog < logNumber)) return false
  return logs.filter(log => log.entries > 0).length <= MOST_LOGS_KEPT
}

async function syncLogs(directory: Directory, { logs }: Replayed): Promise<void> {
  for (const { file, entries } of logs) if (entries > 0) await directory.syncFile(file)
}

interface FlushParts extends Omit<BeginParts, 'directory'> {
  readonly runner: JobRunner
  readonly edit: VersionEdit
  readonly facts: TableFacts
}

async function flushReplayed({ memtables, lastSequence }: Replayed, parts: FlushParts): Promise<void> {
  const { versions, options, runner, edit, facts } = parts
  for (const memtable of memtables) {
    memtable.freeze()
    const fileNumber = versions.newFileNumber()
    const { files } = await runner.run({
      kind: 'flush',
      memtable: memtable.share(),
      fileNumber,
      readers: [lastSequence],
      createdAt: Date.now(),
      table: options.table,
    })
    for (const table of files) {
      const { number, size, smallest, largest } = table
      edit.added.push({ level: 0, file: { number, size, smallest, largest } })
      facts.note(table)
    }
  }
}
