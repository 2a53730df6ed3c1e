/**
 * From a path to a database that runs: phases with names, each giving data to the next.
 *
 *     enter      open the directory, take its lock
 *     recover    CURRENT and MANIFEST → which tables there are; what it names is there (see `named-files`)
 *     replay     logs → memtables and a report
 *     begin      what must leave the logs becomes tables, a new log, a new MANIFEST, CURRENT (see `begin`)
 *     run        queue and background work are set going; what is superfluous is removed
 *
 * A read-only open stops after `replay`: it takes no lock and changes nothing.
 */
import { LsmError, type Directory, type DirectoryLock } from '@lsm/base'
import { RateLimiter, type JobRunner } from '@lsm/compaction'
import type { MadeRunner } from '@lsm/compaction/node'
import { LOCK, VersionSet } from '@lsm/manifest'
import { BlockCache, TableCache } from '@lsm/sstable'

import { Background } from './background.ts'
import { begin, createLog, recoveredMemTables } from './begin.ts'
import { checkCleanState, readCleanState } from './clean-close.ts'
import { Compactions } from './compactions.ts'
import { DatabaseEvents } from './events.ts'
import { Leaks } from './leaks.ts'
import type { MemTableList } from './memtable-list.ts'
import { checkLogsFollow, checkTables, checkTornManifest, missingLog } from './named-files.ts'
import { diagnosticsTap } from './node-diagnostics.ts'
import { defaultCacheSize, defaultWorkers } from './node-machine.ts'
import { ObsoleteFiles } from './obsolete-files.ts'
import type { ResolvedOptions } from './options.ts'
import { MemTablePool } from './memtable-pool.ts'
import { CurrentState } from './read-state.ts'
import { replayLogs, type DroppedBytes, type RecoveryReport, type Replayed } from './recovery.ts'
import { SnapshotList } from './snapshot-list.ts'
import type { TableFacts } from './table-facts.ts'
import { TurnClock } from './turn-clock.ts'
import { WriteGate } from './write-gate.ts'
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
  readonly facts: TableFacts
  readonly obsolete: ObsoleteFiles
  readonly gate: WriteGate
  readonly runner: JobRunner
}

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
      const memtables = recoveredMemTables(replayed)
      return { ...base, memtables, current: new CurrentState(memtables, versions, pool), writer: undefined }
    }
    const { runner, reason } = await jobRunner(directory, options)
    base.events.announce('runner', { kind: runner.kind, reason })
    try {
      const { log, memtables, facts } = await begin(base, entries, replayed, runner)
      const current = new CurrentState(memtables, versions, pool)
      return await run({ ...base, memtables, current }, { lock, runner, log, facts })
    } catch (error) {
      await runner.close()
      throw error
    }
  } catch (error) {
    await versions.close()
    throw error
  }
}

/** Loaded only for a database that is written to: it brings worker threads with it. */
async function jobRunner(directory: Directory, options: ResolvedOptions): Promise<MadeRunner> {
  const { makeRunner } = await import('@lsm/compaction/node')
  const { codecs, filters, backgroundWriteRate } = options
  return makeRunner({
    directory,
    components: { codecs, filters },
    workers: options.workers ?? defaultWorkers(),
    limiter: backgroundWriteRate > 0 ? new RateLimiter(backgroundWriteRate) : undefined,
  })
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

/** What a writable database starts with. */
interface Beginning {
  readonly lock: DirectoryLock
  readonly runner: JobRunner
  readonly log: NumberedLog
  readonly facts: TableFacts
}

/** Sets the parts of a writable database going. */
async function run(parts: Omit<Engine, 'writer'>, { lock, runner, log, facts }: Beginning): Promise<Engine> {
  const { options, directory, versions, tables, snapshots, memtables, current, events, pool } = parts
  const obsolete = new ObsoleteFiles(directory, versions, tables)
  const gate = new WriteGate(events)
  const newest = (): number => queue.lastSequence
  const onChange = (): void => current.refresh()
  const shared = { ...options, versions, snapshots, facts, obsolete, runner, events, newest, onChange }
  const compactions = new Compactions(shared)
  const queue: WriteQueue = new WriteQueue(memtables, log, versions.lastSequence, {
    gate,
    clock: parts.clock,
    blocked: () => background.blocked(),
    room: signal => background.room(signal),
    nextLog: () => createLog(directory, versions),
    leaveLogs: number => background.leaveLogs(number),
    exchangeEmpty(userBytes, count) {
      memtables.active = pool.take(userBytes, count)
      current.refresh()
    },
    rotate(userBytes, count, lastSequence, nextLogNumber) {
      memtables.rotate(pool.take(userBytes, count), lastSequence, nextLogNumber)
      current.refresh()
      background.start()
    },
  })
  const background: Background = new Background({
    ...shared,
    tables,
    memtables,
    pool,
    compactions,
    gate,
    limits: options.stalls,
    onFailure: error => queue.poison(error),
  })
  await obsolete.remove()
  background.start()
  return { ...parts, writer: { lock, queue, background, compactions, facts, obsolete, gate, runner } }
}
