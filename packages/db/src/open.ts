/**
 * From a path to a database that runs: phases with names, each giving data to the next.
 *
 *     enter      open the directory, take its lock
 *     recover    CURRENT and MANIFEST → which tables there are; every table is there with its size
 *     replay     logs → memtables and a report
 *     settle     what must not stay in damaged or many logs becomes tables
 *     begin      a new log, a new MANIFEST, CURRENT; then what is superfluous is removed
 *
 * A read-only open stops after `replay`: it takes no lock and changes nothing.
 */
import { corruption, LsmError, type Directory, type DirectoryEntry, type DirectoryLock } from '@lsm/base'
import { InlineRunner, type JobRunner } from '@lsm/compaction'
import {
  legacyTableFileName,
  LOCK,
  logFileName,
  parseFileName,
  tableFileName,
  VersionEdit,
  VersionSet,
} from '@lsm/manifest'
import { MemTable } from '@lsm/memtable'
import { BlockCache, TableCache } from '@lsm/sstable'
import { LogWriter } from '@lsm/wal'

import { Background } from './background.ts'
import { MemTableList } from './memtable-list.ts'
import { ObsoleteFiles } from './obsolete-files.ts'
import type { ResolvedOptions } from './options.ts'
import { CurrentState } from './read-state.ts'
import { replayLogs, type RecoveryReport, type Replayed } from './recovery.ts'
import { SnapshotList } from './snapshot-list.ts'
import { WriteQueue, type NumberedLog } from './write-queue.ts'

/** What a running database is made of. */
export interface Engine {
  readonly options: ResolvedOptions
  readonly directory: Directory
  readonly versions: VersionSet
  readonly cache: BlockCache
  readonly tables: TableCache
  readonly snapshots: SnapshotList
  readonly memtables: MemTableList
  readonly current: CurrentState
  readonly recovery: RecoveryReport
  /** Absent where the database was opened read-only. */
  readonly writer: Writer | undefined
}

/** What a database that may be written to has beside. */
export interface Writer {
  readonly lock: DirectoryLock
  readonly queue: WriteQueue
  readonly background: Background
  readonly obsolete: ObsoleteFiles
}

/** Logs with entries that may be left as they are; more become a table when the database is opened. */
const MOST_LOGS_KEPT = 4

/** Opens a database. */
export async function openEngine(path: string, options: ResolvedOptions): Promise<Engine> {
  const directory = await options.fileSystem.openDirectory(path, options.createIfMissing && !options.readOnly)
  let lock: DirectoryLock | undefined
  try {
    lock = options.readOnly ? undefined : await directory.lock(LOCK)
    return await open(directory, lock, options)
  } catch (error) {
    await lock?.release()
    await directory.close()
    throw error
  }
}

async function open(directory: Directory, lock: DirectoryLock | undefined, options: ResolvedOptions): Promise<Engine> {
  const { versions, created } = await recoverVersions(directory, options)
  try {
    const entries = await directory.list()
    checkTables(entries, versions)
    const newMemTable = memtableMaker(options)
    const replayed = await replayLogs(directory, entries, versions, newMemTable)
    const recovery = report(created, versions, replayed)
    const cache = new BlockCache(options.cacheSize)
    const tables = new TableCache(directory, options.maxOpenFiles, { ...options, cache })
    const base = { options, directory, versions, cache, tables, snapshots: new SnapshotList(), recovery }
    if (lock === undefined) {
      const memtables = recoveredMemTables(replayed, newMemTable)
      return { ...base, memtables, current: new CurrentState(memtables, versions), writer: undefined }
    }
    const runner = new InlineRunner(directory, options)
    const { log, memtables } = await begin(base, entries, replayed, runner)
    return run({ ...base, memtables, current: new CurrentState(memtables, versions) }, lock, runner, log)
  } catch (error) {
    await versions.close()
    throw error
  }
}

async function recoverVersions(
  directory: Directory,
  { createIfMissing, errorIfExists, readOnly }: ResolvedOptions,
): Promise<{ versions: VersionSet; created: boolean }> {
  let versions: VersionSet
  try {
    versions = await VersionSet.recover(directory)
  } catch (error) {
    if (!(error instanceof LsmError) || error.code !== 'LSM_NOT_FOUND') throw error
    if (!createIfMissing || readOnly) {
      throw new LsmError('LSM_NOT_FOUND', `there is no database in ${directory.path}`, { cause: error })
    }
    return { versions: await VersionSet.create(directory), created: true }
  }
  if (!errorIfExists) return { versions, created: false }
  await versions.close()
  throw new LsmError('LSM_EXISTS', `there is a database in ${directory.path} already, and errorIfExists is set`)
}

/** Every table of the version must be there as a file of its size: better known now than at some read. */
function checkTables(entries: readonly DirectoryEntry[], versions: VersionSet): void {
  const sizes = new Map(entries.filter(({ isFile }) => isFile).map(({ name, size }) => [name, size]))
  for (const { number, size } of versions.current.files()) {
    const name = sizes.has(tableFileName(number)) ? tableFileName(number) : legacyTableFileName(number)
    const found = sizes.get(name)
    if (found === undefined) {
      throw corruption('a table that the MANIFEST names is missing; restore it, or repair', tableFileName(number), 0)
    }
    if (found < size) throw corruption(`table has ${found} bytes, the MANIFEST says ${size}`, name, found)
  }
}

function memtableMaker({ writeBufferSize }: ResolvedOptions): (userBytes: number, count: number) => MemTable {
  return (userBytes, count) => MemTable.create(Math.max(writeBufferSize, MemTable.capacityFor(userBytes, count)))
}

function report(created: boolean, { recovered }: VersionSet, replayed: Replayed): RecoveryReport {
  const { logs, dropped, holes, lastSequence } = replayed
  const total = (what: 'batches' | 'entries'): number => logs.reduce((sum, log) => sum + log[what], 0)
  return {
    created,
    manifest: recovered.manifest,
    edits: recovered.edits,
    logs,
    batches: total('batches'),
    entries: total('entries'),
    dropped: [...recovered.dropped, ...dropped],
    holes,
    lastSequence,
  }
}

function recoveredMemTables(
  { memtables, lastSequence }: Replayed,
  newMemTable: (userBytes: number, count: number) => MemTable,
): MemTableList {
  const list = new MemTableList(memtables[0] ?? newMemTable(0, 0))
  for (const memtable of memtables.slice(1)) list.rotate(memtable, lastSequence, 0)
  return list
}

/** Makes what a writable database starts with: tables of what must leave the logs, a new log, a new MANIFEST. */
async function begin(
  { directory, versions, options }: Pick<Engine, 'directory' | 'versions' | 'options'>,
  entries: readonly DirectoryEntry[],
  replayed: Replayed,
  runner: JobRunner,
): Promise<{ log: NumberedLog; memtables: MemTableList }> {
  for (const { name } of entries) {
    const parsed = parseFileName(name)
    if (parsed !== undefined) versions.markFileNumberUsed(parsed.number)
  }
  versions.lastSequence = replayed.lastSequence
  const edit = new VersionEdit()
  const kept = mayStayInLogs(replayed, versions.logNumber)
  if (!kept) await flushReplayed(replayed, versions, options, runner, edit)
  const log = await createLog(directory, versions)
  edit.logNumber = kept ? (replayed.firstLog ?? log.number) : log.number
  edit.prevLogNumber = 0
  edit.lastSequence = replayed.lastSequence
  await versions.startManifest(edit)
  const active = (kept ? replayed.memtables[0] : undefined) ?? memtableMaker(options)(0, 0)
  return { log, memtables: new MemTableList(active) }
}

/**
 * Whether the replayed entries may go on living in their logs: they fit one memtable, are in few logs, and no log is
 * damaged. A damaged log must go, or its damage would refuse the next open, when it is the newest no more; so must one
 * below the log number, since logs between the two are obsolete and would come back.
 */
function mayStayInLogs({ memtables, logs, dropped, firstLog }: Replayed, logNumber: number): boolean {
  if (memtables.length > 1 || dropped.length > 0 || (firstLog !== undefined && firstLog < logNumber)) return false
  return logs.filter(log => log.entries > 0).length <= MOST_LOGS_KEPT
}

async function flushReplayed(
  { memtables, lastSequence }: Replayed,
  versions: VersionSet,
  { table }: ResolvedOptions,
  runner: JobRunner,
  edit: VersionEdit,
): Promise<void> {
  for (const memtable of memtables) {
    memtable.freeze()
    const fileNumber = versions.newFileNumber()
    const createdAt = Date.now()
    const job = {
      kind: 'flush',
      memtable: memtable.share(),
      fileNumber,
      oldestReader: lastSequence,
      createdAt,
      table,
    } as const
    const { file } = await runner.run(job)
    edit.added.push({ level: 0, file })
  }
}

async function createLog(directory: Directory, versions: VersionSet): Promise<NumberedLog> {
  const number = versions.newFileNumber()
  const file = await directory.createFile(logFileName(number))
  await directory.sync()
  return { number, writer: new LogWriter(file) }
}

/** Sets the parts of a writable database going. */
async function run(
  parts: Omit<Engine, 'writer'>,
  lock: DirectoryLock,
  runner: JobRunner,
  log: NumberedLog,
): Promise<Engine> {
  const { options, directory, versions, tables, snapshots, memtables, current } = parts
  const obsolete = new ObsoleteFiles(directory, versions, tables)
  const newMemTable = memtableMaker(options)
  const background = new Background({
    versions,
    memtables,
    snapshots,
    runner,
    table: options.table,
    obsolete,
    onChange: () => current.refresh(),
    onFailure: error => queue.poison(error),
  })
  const queue = new WriteQueue(memtables, log, versions.lastSequence, {
    room: () => background.room(),
    nextLog: () => createLog(directory, versions),
    rotate(userBytes, count, lastSequence, nextLogNumber) {
      memtables.rotate(newMemTable(userBytes, count), lastSequence, nextLogNumber)
      current.refresh()
      background.start()
    },
  })
  await obsolete.remove()
  return { ...parts, writer: { lock, queue, background, obsolete } }
}

/** Ends everything that {@link openEngine} began, in order. */
export async function closeEngine({ directory, versions, tables, writer }: Engine): Promise<void> {
  const failures: unknown[] = []
  const attempt = async (step: () => Promise<void> | undefined): Promise<void> => {
    try {
      await step()
    } catch (error) {
      failures.push(error)
    }
  }
  await attempt(() => writer?.queue.close())
  await attempt(() => writer?.background.close())
  await attempt(() => versions.close())
  await attempt(() => tables.close())
  await attempt(() => writer?.lock.release())
  await attempt(() => directory.close())
  if (failures.length > 0) throw failures[0]
}
