/**
 * From a path to a database that runs: phases with names, each giving data to the next.
 *
 *     enter      open the directory, take its lock
 *     recover    CURRENT and MANIFEST → which tables there are; what it names is there (see `named-files`)
 *     replay     logs → memtables and a report
 *     begin      what must leave the logs becomes tables, a new log, a new MANIFEST, CURRENT (see `begin`)
 *     run        queue and background work are set going; what is superfluous is removed
 *
 * A read-only open stops after `replay`: it takes no lock and changes nothing. Since a writer may be at work meanwhile, it is
 * tried again where files contradict each other. The last two phases, and all that only they need, are in `start-writer`.
 */
import { LsmError, type Directory, type DirectoryLock } from '@lsm/base'
import type { JobRunner, Strategy } from '@lsm/compaction'
import { LOCK, VersionSet } from '@lsm/manifest'
import { BlockCache, TableCache } from '@lsm/sstable/reading'

import type { Background } from './background.ts'
import { checkCleanState, readCleanState } from './clean-close.ts'
import type { Compactions } from './compactions.ts'
import { DatabaseEvents } from './events.ts'
import { Leaks } from './leaks.ts'
import { MemTableList } from './memtable-list.ts'
import { checkLogsFollow, checkTables, checkTornManifest, missingLog } from './named-files.ts'
import { diagnosticsTap } from './node-diagnostics.ts'
import { defaultCacheSize } from './node-machine.ts'
import type { ObsoleteFiles } from './obsolete-files.ts'
import type { ResolvedOptions } from './options.ts'
import { MemTablePool } from './memtable-pool.ts'
import { CurrentState } from './read-state.ts'
import { replayLogs, type DroppedBytes, type RecoveryReport, type Replayed } from './recovery.ts'
import { SnapshotList } from './snapshot-list.ts'
import type { TableFacts } from './table-facts.ts'
import { TurnClock } from './turn-clock.ts'
import type { WriteGate } from './write-gate.ts'
import type { WriteQueue } from './write-queue.ts'

/** What a running database is made of. */
export interface Engine {
  readonly options: ResolvedOptions
  readonly directory: Directory
  readonly versions: VersionSet
  readonly cache: BlockCache
  readonly tables: TableCache
  readonly snapshots: SnapshotList
  readonly memtables: MemTableList
  readonly pool: MemTablePool
  readonly current: CurrentState
  readonly recovery: RecoveryReport
  readonly events: DatabaseEvents
  readonly leaks: Leaks
  readonly clock: TurnClock
  /** Absent where the database was opened read-only. */
  readonly writer: Writer | undefined
}

/** What a database that may be written to has beside. */
export interface Writer {
  readonly lock: DirectoryLock
  readonly queue: WriteQueue
  readonly background: Background
  readonly compactions: Compactions
  readonly strategy: Strategy
  readonly facts: TableFacts
  readonly obsolete: ObsoleteFiles
  readonly gate: WriteGate
  readonly runner: JobRunner
  /** Ends all of it but the lock; see `close-writer`. */
  readonly close: (engine: Engine) => Promise<void>
}

/** Times that a read-only open is tried while a writer changes the directory under it. */
const READ_ONLY_ATTEMPTS = 10

/** Opens a database. */
export async function openEngine(path: string, options: ResolvedOptions): Promise<Engine> {
  const directory = await options.fileSystem.openDirectory(path, options.createIfMissing && !options.readOnly)
  let lock: DirectoryLock | undefined
  try {
    if (options.readOnly) return await openBesideWriter(directory, options)
    lock = await directory.lock(LOCK)
    return await open(directory, lock, options)
  } catch (error) {
    await lock?.release()
    await directory.close()
    throw error
  }
}

/** A writer may remove a file between the reading of its name and its opening: what fails is tried again if files have changed. */
async function openBesideWriter(directory: Directory, options: ResolvedOptions): Promise<Engine> {
  for (let attempt = 1; ; attempt++) {
    const before = await filesOf(directory)
    try {
      return await open(directory, undefined, options)
    } catch (error) {
      if (attempt === READ_ONLY_ATTEMPTS || before === (await filesOf(directory))) throw error
    }
  }
}

/** Names and sizes of all files. */
async function filesOf(directory: Directory): Promise<string> {
  const entries = await directory.list()
  return entries.map(({ name, size }) => `${name} ${size}`).join('/')
}

async function open(directory: Directory, lock: DirectoryLock | undefined, options: ResolvedOptions): Promise<Engine> {
  const { versions, created } = await recoverVersions(directory, options)
  try {
    const entries = await directory.list()
    checkTables(entries, versions)
    const lacking = missingLog(entries, versions, options.recovery)
    const pool = new MemTablePool(options.writeBufferSize, options.stalls.maxFrozenMemTables)
    const replayed = await replayLogs({ directory, entries, versions, pool, mode: options.recovery })
    if (options.recovery !== 'salvage') {
      checkLogsFollow(versions, replayed)
      checkTornManifest(entries, versions)
      checkCleanState(await readCleanState(directory, entries), entries, versions, replayed)
    }
    const recovery = report(created, versions, replayed, lacking)
    const cache = new BlockCache(options.cacheSize ?? defaultCacheSize())
    const tables = new TableCache(directory, options.maxOpenFiles, { ...options, cache })
    const snapshots = new SnapshotList()
    const events = new DatabaseEvents(diagnosticsTap(directory.path))
    const leaks = new Leaks(directory.path, events, options.trackLeaks)
    const clock = new TurnClock()
    const base = { options, directory, versions, cache, tables, snapshots, recovery, events, leaks, clock, pool }
    if (lock === undefined) {
      const memtables = MemTableList.replayed(replayed)
      return { ...base, memtables, current: new CurrentState(memtables, versions, pool), writer: undefined }
    }
    // Loaded only for a database that is written to: it brings queue, background work and threads with it.
    const { startWriter } = await import('./start-writer.ts')
    return await startWriter(base, entries, replayed, lock)
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

function report(
  created: boolean,
  { recovered }: VersionSet,
  replayed: Replayed,
  lacking: DroppedBytes | undefined,
): RecoveryReport {
  const { logs, dropped, holes, lastSequence } = replayed
  const total = (what: 'batches' | 'entries'): number => logs.reduce((sum, log) => sum + log[what], 0)
  return {
    created,
    manifest: recovered.manifest,
    edits: recovered.edits,
    logs,
    batches: total('batches'),
    entries: total('entries'),
    dropped: [...recovered.dropped, ...(lacking === undefined ? [] : [lacking]), ...dropped],
    holes,
    lastSequence,
  }
}
