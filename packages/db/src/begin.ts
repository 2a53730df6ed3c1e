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
import { LogWriter } from '@lsm/wal'

import { flushAll } from './flush-all.ts'
import { MemTableList, NOTHING_REPLAYED } from './memtable-list.ts'
import type { MemTablePool } from './memtable-pool.ts'
import type { ResolvedOptions } from './options.ts'
import type { Replayed } from './recovery.ts'
import { TableFacts } from './table-facts.ts'
import type { NumberedLog } from './write-queue.ts'

/** What {@link begin} works on. */
export interface BeginParts {
  readonly directory: Directory
  readonly versions: VersionSet
  readonly options: ResolvedOptions
  readonly pool: MemTablePool
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
  { directory, versions, options, pool }: BeginParts,
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
  const kept = mayStayInLogs(replayed, versions.logNumber, options.stalls.maxFrozenMemTables)
  if (kept) await syncLogs(directory, replayed)
  else {
    await flushAll(replayed.memtables, replayed.lastSequence, { versions, runner, table: options.table, facts, edit })
    for (const memtable of replayed.memtables) pool.retire(memtable)
  }
  const log = await createLog(directory, versions)
  edit.logNumber = kept ? (replayed.firstLog ?? log.number) : log.number
  edit.prevLogNumber = 0
  edit.lastSequence = replayed.lastSequence
  await versions.startManifest(edit)
  return { log, memtables: MemTableList.replayed(kept ? replayed : NOTHING_REPLAYED), facts }
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

/**
 * Whether the replayed entries may go on living in their logs: they fit the memtables that there may be, are in few logs,
 * and no log is damaged. A damaged log must go, or its damage would refuse the next open, when it is the newest no more;
 * so must one below the log number, since logs between the two are obsolete and would come back. They must end with the
 * last number that was given out: the next open makes sure that they still do.
 */
function mayStayInLogs(replayed: Replayed, logNumber: number, mostFrozen: number): boolean {
  const { memtables, logs, dropped, firstLog, replayedTo, lastSequence } = replayed
  if (replayedTo !== lastSequence || memtables.length > 1 + mostFrozen || dropped.length > 0) return false
  if (firstLog !== undefined && firstLog < logNumber) return false
  return logs.filter(log => log.entries > 0).length <= MOST_LOGS_KEPT
}

async function syncLogs(directory: Directory, { logs }: Replayed): Promise<void> {
  for (const { file, entries } of logs) if (entries > 0) await directory.syncFile(file)
}
