/**
 * One sequence of operations, and what it gives: whatever the options are, the same.
 *
 *     seed ─▶ script ─┬─▶ a map                        ─▶ results ┐
 *                     ├─▶ a database, options 1        ─▶ results ├─ equal, operation by operation
 *                     └─▶ a database, options 2 …      ─▶ results ┘
 *
 * 1. An operation means something whatever comes before it, so that a script may leave some out.
 * 2. Flushes, compactions and reopenings are operations without a result; each opening draws new options.
 */
import type { Database, DatabaseIterator, OpenOptions, RangeOptions, Snapshot } from '@lsm/db'
import { Random } from '@lsm/testkit'

import { Model } from './model.ts'

type Range = RangeOptions<string> & { readonly reverse?: boolean; readonly limit?: number }

/** One operation. A slot holds a snapshot or an iterator; a number in it may be empty. */
export type Operation =
  | { readonly kind: 'put'; readonly key: string; readonly value: string; readonly sync: boolean }
  | { readonly kind: 'del'; readonly key: string }
  | { readonly kind: 'batch'; readonly entries: readonly (readonly [key: string, value: string | undefined])[] }
  | { readonly kind: 'get'; readonly keys: readonly string[]; readonly slot: number }
  | { readonly kind: 'scan'; readonly range: Range; readonly slot: number }
  | { readonly kind: 'snapshot' | 'release'; readonly slot: number }
  | { readonly kind: 'iterator'; readonly range: Range; readonly slot: number }
  | { readonly kind: 'next'; readonly slot: number; readonly size: number }
  | { readonly kind: 'clear'; readonly range: Range }
  | { readonly kind: 'compact'; readonly range: Range }
  | { readonly kind: 'flush' | 'settle' | 'reopen' }

/** Snapshots, and as many iterators, that may be open. */
const SLOTS = 6

/** The script of a seed. */
export function scriptOf(seed: number, length: number): Operation[] {
  const random = new Random(seed)
  return Array.from({ length }, () => operation(random))
}

function operation(random: Random): Operation {
  const dice = random.below(200)
  const slot = random.below(SLOTS)
  if (dice < 70) return { kind: 'put', key: keyOf(random), value: valueOf(random), sync: random.oneIn(20) }
  if (dice < 90) return { kind: 'del', key: keyOf(random) }
  if (dice < 105) {
    const entry = (): [string, string | undefined] => [keyOf(random), random.oneIn(3) ? undefined : valueOf(random)]
    return { kind: 'batch', entries: Array.from({ length: random.below(20) }, entry) }
  }
  // A slot beyond the last one stands for now.
  if (dice < 150)
    return {
      kind: 'get',
      keys: Array.from({ length: random.between(1, 4) }, () => keyOf(random)),
      slot: random.below(2 * SLOTS),
    }
  if (dice < 165) return { kind: 'scan', range: rangeOf(random), slot: random.below(2 * SLOTS) }
  if (dice < 170) return { kind: 'snapshot', slot }
  if (dice < 173) return { kind: 'release', slot }
  if (dice < 178) return { kind: 'iterator', range: rangeOf(random), slot }
  if (dice < 195) return { kind: 'next', slot, size: random.between(1, 9) }
  if (dice < 196) return { kind: 'clear', range: rangeOf(random) }
  if (dice < 197) return { kind: 'compact', range: rangeOf(random) }
  if (dice < 198) return { kind: 'settle' }
  return { kind: random.oneIn(3) ? 'reopen' : 'flush' }
}

function keyOf(random: Random): string {
  return random.oneIn(60) ? '' : `${'k'.repeat(random.skewed(3))}${random.skewed(250)}`
}

function valueOf(random: Random): string {
  return `${random.word()}`.repeat(random.oneIn(25) ? random.below(200) : random.below(4))
}

function rangeOf(random: Random): Range {
  return {
    ...(random.oneIn(3) && { gte: keyOf(random) }),
    ...(random.oneIn(4) && { gt: keyOf(random) }),
    ...(random.oneIn(3) && { lt: keyOf(random) }),
    ...(random.oneIn(4) && { lte: keyOf(random) }),
    ...(random.oneIn(2) && { reverse: true }),
    ...(random.oneIn(3) && { limit: random.below(40) }),
  }
}

/** Options of one opening. */
export function optionsOf(random: Random): OpenOptions<'utf8', 'utf8'> {
  return {
    writeBufferSize: random.pick([4096, 16_384, 65_536, 1 << 20]),
    blockSize: random.pick([64, 256, 1024, 4096, 32_768]),
    blockRestartInterval: random.pick([1, 2, 16, 128]),
    cacheSize: random.pick([0, 2000, 1 << 20]),
    maxOpenFiles: random.pick([1, 2, 1000]),
    compression: random.oneIn(2),
    filter: random.pick(['blocked', 'leveldb', 'both', 'none'] as const),
    filterBitsPerKey: random.pick([1, 10, 30]),
    verifyChecksums: random.oneIn(2),
    strategy: random.pick(['leveled', 'leveled', 'tiered', 'fifo'] as const),
    maxFileSize: random.pick([1024, 8192, 1 << 20]),
    baseLevelSize: random.pick([4096, 65_536]),
    levelMultiplier: random.pick([2, 4, 10]),
    level0CompactionTrigger: random.pick([2, 4, 8]),
    level0SlowdownTrigger: random.pick([4, 20]),
    maxFrozenMemTables: random.pick([1, 3]),
    maxTableAge: 0,
    verifyOutput: random.oneIn(2),
    recovery: random.pick(['point-in-time', 'strict'] as const),
    trackLeaks: random.oneIn(8),
  }
}

/** What each operation gives; `undefined` where it gives nothing. */
export type Results = readonly unknown[]

/** The results on a map. */
export function resultsOnMap(script: readonly Operation[]): Results {
  const model = new Model()
  const snapshots = new Map<number, Model>()
  const iterators = new Map<number, [string, string][]>()
  return script.map(operation => {
    switch (operation.kind) {
      case 'put':
        return model.put(operation.key, operation.value)
      case 'del':
        return model.del(operation.key)
      case 'batch':
        for (const [key, value] of operation.entries)
          if (value === undefined) model.del(key)
          else model.put(key, value)
        return undefined
      case 'get':
        return operation.keys.map(key => (snapshots.get(operation.slot) ?? model).get(key))
      case 'scan':
        return (snapshots.get(operation.slot) ?? model).entries(operation.range)
      case 'snapshot':
        return void snapshots.set(operation.slot, model.copy())
      case 'release':
        return void snapshots.delete(operation.slot)
      case 'iterator':
        return void iterators.set(operation.slot, model.entries(operation.range))
      case 'next':
        return iterators.get(operation.slot)?.splice(0, operation.size)
      case 'clear':
        for (const [key] of model.entries(operation.range)) model.del(key)
        return undefined
      case 'reopen':
        snapshots.clear()
        return iterators.clear()
      case 'compact':
      case 'flush':
      case 'settle':
        return undefined
    }
  })
}

/** A database that follows a script. */
export class Follower {
  readonly #open: () => Promise<Database>
  readonly #snapshots = new Map<number, Snapshot>()
  readonly #iterators = new Map<number, DatabaseIterator<[string, string], string>>()
  #db!: Database

  private constructor(open: () => Promise<Database>) {
    this.#open = open
  }

  /** Opens a database, and follows; `check` is given the result of each operation. */
  static async follow(
    open: () => Promise<Database>,
    script: readonly Operation[],
    check: (result: unknown, i: number) => void,
  ): Promise<void> {
    const follower = new Follower(open)
    follower.#db = await open()
    try {
      for (const [i, operation] of script.entries()) check(await follower.#do(operation), i)
    } finally {
      await follower.#db.close()
    }
  }

  async #do(operation: Operation): Promise<unknown> {
    const db = this.#db
    switch (operation.kind) {
      case 'put':
        return db.put(operation.key, operation.value, { sync: operation.sync })
      case 'del':
        return db.del(operation.key)
      case 'batch':
        return db.batch(
          operation.entries.map(([key, value]) =>
            value === undefined ? { type: 'del', key } : { type: 'put', key, value },
          ),
        )
      case 'get':
        return this.#get(operation.keys, operation.slot)
      case 'scan':
        return db.iterator({ ...operation.range, ...this.#moment(operation.slot) }).all()
      case 'snapshot':
        this.#snapshots.get(operation.slot)?.close()
        return void this.#snapshots.set(operation.slot, db.snapshot())
      case 'release':
        this.#snapshots.get(operation.slot)?.close()
        return void this.#snapshots.delete(operation.slot)
      case 'iterator':
        await this.#iterators.get(operation.slot)?.close()
        return void this.#iterators.set(operation.slot, db.iterator(operation.range))
      case 'next':
        return this.#next(operation.slot, operation.size)
      case 'clear':
        return db.clear(operation.range)
      case 'compact':
        return db.compactRange(operation.range)
      case 'flush':
        return db.flush()
      case 'settle':
        return db.settled()
      case 'reopen':
        return this.#reopen()
    }
  }

  async #get(keys: readonly string[], slot: number): Promise<unknown> {
    const moment = this.#moment(slot)
    if (keys.length > 1) return this.#db.getMany(keys, moment)
    return [slot % 2 === 0 ? await this.#db.get(keys[0], moment) : this.#db.getSync(keys[0], moment)]
  }

  async #next(slot: number, size: number): Promise<unknown> {
    const iterator = this.#iterators.get(slot)
    return slot % 2 === 0 ? iterator?.nextv(size) : iterator?.nextvSync(size)
  }

  async #reopen(): Promise<void> {
    this.#snapshots.clear()
    this.#iterators.clear()
    await this.#db.close()
    this.#db = await this.#open()
  }

  #moment(slot: number): { snapshot?: Snapshot } {
    const snapshot = this.#snapshots.get(slot)
    return snapshot === undefined ? {} : { snapshot }
  }
}
