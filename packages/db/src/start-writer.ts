/**
 * What a database that is written to has beside one that is read: a job runner, a log, a queue, background work.
 *
 * Loaded by `open` when it is needed. What it changes on disk is in `begin`; the lock is held before it is called.
 */
import type { Directory, DirectoryEntry, DirectoryLock } from '@lsm/base'
import type { JobRunner, Strategy } from '@lsm/compaction'
import { leveledStrategy, makeRunner, RateLimiter, type MadeRunner } from '@lsm/compaction/starting'

import { Background } from './background.ts'
import { begin, createLog } from './begin.ts'
import { closeWriter } from './close-writer.ts'
import { Compactions } from './compactions.ts'
import { defaultWorkers } from './node-machine.ts'
import { ObsoleteFiles } from './obsolete-files.ts'
import type { Engine } from './open.ts'
import type { ResolvedOptions, StrategyChoice } from './options.ts'
import { CurrentState } from './read-state.ts'
import type { Replayed } from './recovery.ts'
import type { TableFacts } from './table-facts.ts'
import { WriteGate } from './write-gate.ts'
import { WriteQueue, type NumberedLog } from './write-queue.ts'

/** What an engine has before anything can be written. */
type Readable = Omit<Engine, 'memtables' | 'current' | 'writer'>

/** Makes an engine of one that has read everything. */
export async function startWriter(
  base: Readable,
  entries: readonly DirectoryEntry[],
  replayed: Replayed,
  lock: DirectoryLock,
): Promise<Engine> {
  const { options, directory, versions, pool, events } = base
  const { runner, reason } = jobRunner(directory, options)
  events.announce('runner', { kind: runner.kind, reason })
  try {
    const { log, memtables, facts } = await begin(base, entries, replayed, runner)
    const current = new CurrentState(memtables, versions, pool)
    return await run({ ...base, memtables, current }, { lock, runner, log, facts })
  } catch (error) {
    await runner.close()
    throw error
  }
}

function jobRunner(directory: Directory, options: ResolvedOptions): MadeRunner {
  const { codecs, filters, backgroundWriteRate } = options
  return makeRunner({
    directory,
    components: { codecs, filters },
    workers: options.workers ?? defaultWorkers(),
    limiter: backgroundWriteRate > 0 ? new RateLimiter(backgroundWriteRate) : undefined,
  })
}

async function makeStrategy(choice: StrategyChoice): Promise<Strategy> {
  switch (choice.name) {
    case 'own':
      return choice.strategy
    case 'leveled':
      return leveledStrategy(choice.settings)
    case 'tiered':
      return (await import('@lsm/compaction')).tieredStrategy(choice.settings)
    case 'fifo':
      return (await import('@lsm/compaction')).fifoStrategy(choice.settings)
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
  const strategy = await makeStrategy(options.strategy)
  const isReadHeavy = (): boolean => current.state.isReadHeavy
  const shared = {
    ...options,
    strategy,
    versions,
    snapshots,
    facts,
    obsolete,
    runner,
    events,
    newest,
    onChange,
    isReadHeavy,
  }
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
  current.onReadHeavy = () => setImmediate(() => background.start())
  await obsolete.remove()
  background.start()
  const writer = { lock, queue, background, compactions, strategy, facts, obsolete, gate, runner, close: closeWriter }
  return { ...parts, writer }
}
