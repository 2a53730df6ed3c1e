/**
 * A seeded run of a database on a crashable file system, and what each moment of it has promised.
 *
 *     plan:       seed, numbers of actions     an action depends on the seed and its number alone: a run may leave some out
 *     step:       1   2   3   4   5 …          one write or batch each; each has its number in a value that it writes
 *     started at  op 9  …                      operations of the file system that had been counted when it was called
 *     kept at     op 12 …                      … when it was acknowledged
 *     synced at   op 14 …                      … when anything was that makes it survive a loss of power
 */
import { Database, type BatchOperation, type OpenOptions } from '@lsm/db'
import { CrashableFileSystem } from '@lsm/fs/testing'
import { Random } from '@lsm/testkit'

import { withTickingClock } from './ticking-clock.ts'

/** What a run does. */
export interface Plan {
  readonly seed: number
  /** Numbers of the actions, in order. */
  readonly actions: readonly number[]
}

/** Actions of a whole run: some 120 steps. */
const ACTIONS = Array.from({ length: 42 }, (_, i) => i)

/** The plan of a whole run. */
export function wholePlan(seed: number): Plan {
  return { seed, actions: ACTIONS }
}

/** A plan as text: its seed, and its actions if some are left out, as `7:0.3.9`. */
export function planText({ seed, actions }: Plan): string {
  return actions.length === ACTIONS.length ? `${seed}` : `${seed}:${actions.join('.')}`
}

/** The plan in a text. */
export function parsePlan(text: string): Plan {
  const [seed, actions] = text.split(':')
  if (actions === undefined) return wholePlan(Number(seed))
  return { seed: Number(seed), actions: actions === '' ? [] : actions.split('.').map(Number) }
}

/** One write. */
export interface Step {
  readonly entries: readonly BatchOperation<string, string>[]
  readonly sync: boolean
  readonly startedAt: number
  keptAt: number
  syncedAt: number
}

/** What a crash at some operation must leave, and may leave: numbers of steps. */
export interface Promised {
  readonly kept: number
  readonly synced: number
  readonly started: number
}

/** Where the database is. */
export const PATH = '/db'

/** The key whose value is the number of the last batch. */
const COUNTER = 'counter'
const KEYS = 40

/** Small limits, so that a few hundred writes meet everything: rotations, flushes, compactions, several levels. */
const SMALL: OpenOptions<'utf8', 'utf8'> = {
  workers: 0,
  writeBufferSize: 4096,
  blockSize: 1024,
  cacheSize: 64 * 1024,
  maxFileSize: 4096,
  baseLevelSize: 8192,
  levelMultiplier: 2,
  level0CompactionTrigger: 2,
  verifyOutput: true,
}

/** Ways to open the database, by name. */
export const OPTIONS: Readonly<Record<string, OpenOptions<'utf8', 'utf8'>>> = {
  leveled: SMALL,
  'leveled, larger logs': { ...SMALL, writeBufferSize: 64 * 1024, maxFileSize: 64 * 1024, compression: false },
  tiered: { ...SMALL, strategy: 'tiered' },
  fifo: { ...SMALL, strategy: 'fifo', writeBufferSize: 16 * 1024, filter: 'both' },
}

/** A recorded run. */
export class Workload {
  readonly plan: Plan
  readonly options: OpenOptions<'utf8', 'utf8'>
  readonly fileSystem: CrashableFileSystem
  readonly steps: Step[] = []
  /** The entries after so many steps, sorted. */
  readonly states: (readonly (readonly [string, string])[])[] = [[]]
  /** The sequence number after so many steps. */
  readonly sequences: number[] = [0]
  /** Of the action at hand. */
  #random: Random
  readonly #model = new Map<string, string>()

  private constructor(plan: Plan, options: OpenOptions<'utf8', 'utf8'>) {
    this.plan = plan
    this.options = options
    this.#random = new Random(plan.seed)
    const turns = new Random(plan.seed + 1)
    this.fileSystem = new CrashableFileSystem({
      pause: () => (turns.oneIn(3) ? new Promise(resolve => setImmediate(resolve)) : Promise.resolve()),
    })
  }

  /** Runs and records. */
  static record(plan: Plan, options: OpenOptions<'utf8', 'utf8'>): Promise<Workload> {
    return withTickingClock(async () => {
      const workload = new Workload(plan, options)
      await workload.#run()
      return workload
    })
  }

  async #run(): Promise<void> {
    const { seed, actions } = this.plan
    let db = await this.#open()
    for (const action of actions) {
      this.#random = new Random(seed * 1009 + action)
      const dice = this.#random.below(42)
      if (dice < 3) await this.#barrier(() => db.flush())
      else if (dice < 5) await db.compactRange()
      else if (dice < 7) {
        await this.#barrier(() => db.close())
        db = await this.#open()
      } else if (dice < 9) db = await this.#killed(db)
      else await this.#burst(db)
    }
    await db.settled()
    await this.#barrier(() => db.close())
  }

  /** What the run had promised when an operation was the last one. */
  promised(operation: number): Promised {
    const count = (of: (step: Step) => boolean): number => this.steps.findLastIndex(of) + 1
    return {
      kept: count(({ keptAt }) => keptAt <= operation),
      synced: count(({ syncedAt }) => syncedAt <= operation),
      started: count(({ startedAt }) => startedAt < operation),
    }
  }

  #open(): Promise<Database> {
    return Database.open(PATH, { ...this.options, fileSystem: this.fileSystem })
  }

  /**
   * The process is killed, whatever it does in the background, and another one opens the database. All that was acknowledged is
   * there, and no more durable than it was: the power may go before the next process has made it so.
   */
  async #killed(db: Database): Promise<Database> {
    this.fileSystem.kill()
    // Of the dead process nothing is left that could still do anything.
    await db.close().catch(() => undefined)
    const next = await this.#open()
    compare(await next.iterator().all(), this.states[this.steps.length], this.steps.length)
    return next
  }

  /** Some writes at once, or one after the other. */
  async #burst(db: Database): Promise<void> {
    const waits = this.#random.oneIn(2)
    const writes: Promise<void>[] = []
    for (let i = this.#random.between(1, 6); i > 0; i--) {
      const write = this.#write(db)
      if (waits) await write
      else writes.push(write)
    }
    await Promise.all(writes)
  }

  async #write(db: Database): Promise<void> {
    const random = this.#random
    const number = this.steps.length + 1
    const entries = random.oneIn(3) ? this.#batch(number) : [this.#put(number)]
    const sync = random.oneIn(5)
    const startedAt = this.fileSystem.operations.length
    const step: Step = { entries, sync, startedAt, keptAt: Infinity, syncedAt: Infinity }
    this.steps.push(step)
    this.#apply(step)
    const [first] = entries
    await (entries.length === 1 && first.type === 'put'
      ? db.put(first.key, first.value, { sync })
      : db.batch(entries, { sync }))
    step.keptAt = this.fileSystem.operations.length
    if (sync) step.syncedAt = step.keptAt
  }

  /** Something that makes all that was acknowledged before it survive a loss of power. */
  async #barrier(work: () => Promise<void>): Promise<void> {
    const before = this.steps.filter(({ keptAt }) => keptAt < Infinity)
    await work()
    for (const step of before) step.syncedAt = Math.min(step.syncedAt, this.fileSystem.operations.length)
  }

  #put(number: number): BatchOperation<string, string> {
    const random = this.#random
    const length = random.oneIn(12) ? random.between(500, 3000) : random.between(0, 60)
    // Half random, half repeated: some of it can be compressed.
    const filler = `${random.word().toString(36)} `.repeat(1 + length / 8).slice(0, length)
    return { type: 'put', key: `k${random.below(KEYS)}`, value: `${number} ${filler}` }
  }

  #batch(number: number): BatchOperation<string, string>[] {
    const random = this.#random
    const entries: BatchOperation<string, string>[] = [{ type: 'put', key: COUNTER, value: `${number} ` }]
    for (let i = random.below(8); i > 0; i--) {
      entries.push(random.oneIn(2) ? this.#put(number) : { type: 'del', key: `k${random.below(KEYS)}` })
    }
    return random.shuffle(entries)
  }

  #apply({ entries }: Step): void {
    for (const entry of entries) {
      if (entry.type === 'put') this.#model.set(entry.key, entry.value)
      else this.#model.delete(entry.key)
    }
    this.states.push([...this.#model].sort(([a], [b]) => (a < b ? -1 : 1)))
    this.sequences.push(this.sequences[this.sequences.length - 1] + entries.length)
  }
}

/** The number of steps that a database holds, by the values in it. */
export function stepsIn(entries: readonly (readonly [string, string])[]): number {
  return entries.reduce((most, [, value]) => Math.max(most, Number.parseInt(value, 10)), 0)
}

/** Throws an `Error` if entries are not those after so many steps. */
export function compare(
  found: readonly (readonly [string, string])[],
  expected: readonly (readonly [string, string])[],
  steps: number,
): void {
  for (let i = 0; i < Math.max(found.length, expected.length); i++) {
    if (found[i]?.[0] === expected[i]?.[0] && found[i]?.[1] === expected[i]?.[1]) continue
    const [is, should] = [found[i], expected[i]].map(entry => JSON.stringify(entry)?.slice(0, 80))
    throw new Error(`no state of the history: by its values it is after step ${steps}, but ${is} should be ${should}`)
  }
}
