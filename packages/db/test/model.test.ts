/**
 * Seeded random operations on a database and on a map must give the same history, whatever the options, across flushes,
 * closes and reopens, with snapshots and iterators open.
 */
import { Database, type IteratorOptions, type OpenOptions, type Snapshot } from '@lsm/db'
import { MemoryFileSystem } from '@lsm/fs'
import { Random, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { Model } from './model.ts'

const seed = testSeed(20_261)

describe('a database is a sorted map', () => {
  test.each(Array.from({ length: 24 }, (_, i) => seed + i))('with LSM_SEED=%i', async seed => {
    await new Run(new Random(seed)).run(700)
  })
})

function randomOptions(random: Random): OpenOptions<'utf8', 'utf8'> {
  return {
    writeBufferSize: random.pick([4096, 16_384, 65_536, 1 << 20]),
    blockSize: random.pick([64, 256, 1024, 4096]),
    blockRestartInterval: random.pick([1, 2, 16]),
    cacheSize: random.pick([0, 2000, 1 << 20]),
    maxOpenFiles: random.pick([1, 2, 1000]),
    compression: random.oneIn(2),
    filter: random.pick(['blocked', 'leveldb', 'both', 'none'] as const),
    strategy: random.pick(['leveled', 'leveled', 'tiered', 'fifo'] as const),
    maxFileSize: random.pick([1024, 8192, 1 << 20]),
    baseLevelSize: random.pick([4096, 65_536]),
    levelMultiplier: random.pick([2, 10]),
    level0CompactionTrigger: random.pick([2, 4]),
    level0SlowdownTrigger: random.pick([4, 20]),
    maxFrozenMemTables: random.pick([1, 3]),
    verifyOutput: random.oneIn(2),
  }
}

class Run {
  readonly #random: Random
  readonly #fileSystem = new MemoryFileSystem()
  readonly #model = new Model()
  readonly #snapshots: { snapshot: Snapshot; model: Model }[] = []
  #db!: Database

  constructor(random: Random) {
    this.#random = random
  }

  async run(steps: number): Promise<void> {
    await this.#open()
    for (let step = 0; step < steps; step++) await this.#step()
    await this.#compareAll()
    await this.#reopen()
    await this.#compareAll()
    await this.#db.close()
  }

  async #step(): Promise<void> {
    const random = this.#random
    const dice = random.below(100)
    if (dice < 45) await this.#put()
    else if (dice < 60) await this.#del()
    else if (dice < 68) await this.#batch()
    else if (dice < 80) await this.#get()
    else if (dice < 90) await this.#iterate()
    else if (dice < 93) this.#snapshots.push({ snapshot: this.#db.snapshot(), model: this.#model.copy() })
    else if (dice < 95) this.#snapshots.splice(random.below(this.#snapshots.length + 1), 1)[0]?.snapshot.close()
    else if (dice < 96) await this.#db.flush()
    else if (dice < 97) await this.#compact()
    else if (dice < 98) await this.#clear()
    else if (dice < 99) await this.#reopen()
    else await this.#compareAll()
  }

  async #open(): Promise<void> {
    this.#db = await Database.open('/db', { ...randomOptions(this.#random), fileSystem: this.#fileSystem })
    expect(this.#db.recovery.dropped).toEqual([])
  }

  async #reopen(): Promise<void> {
    this.#snapshots.length = 0
    await this.#db.close()
    await this.#open()
  }

  #key(): string {
    const random = this.#random
    return random.oneIn(50) ? '' : `${'k'.repeat(random.skewed(4))}${random.skewed(300)}`
  }

  #value(): string {
    const random = this.#random
    return `${random.word()}`.repeat(random.oneIn(20) ? random.below(300) : random.below(4))
  }

  async #put(): Promise<void> {
    const [key, value] = [this.#key(), this.#value()]
    this.#model.put(key, value)
    await this.#db.put(key, value, { sync: this.#random.oneIn(20) })
  }

  async #del(): Promise<void> {
    const key = this.#key()
    this.#model.del(key)
    await this.#db.del(key)
  }

  async #batch(): Promise<void> {
    const writes: Promise<void>[] = []
    for (let batches = this.#random.between(1, 4); batches > 0; batches--) {
      const batch = this.#db.batch()
      for (let operations = this.#random.below(30); operations > 0; operations--) {
        const [key, value] = [this.#key(), this.#value()]
        if (this.#random.oneIn(3)) {
          batch.del(key)
          this.#model.del(key)
        } else {
          batch.put(key, value)
          this.#model.put(key, value)
        }
      }
      writes.push(batch.write())
    }
    await Promise.all(writes)
  }

  async #get(): Promise<void> {
    const keys = Array.from({ length: this.#random.between(1, 8) }, () => this.#key())
    const { options, model } = this.#moment()
    expect(await this.#db.get(keys[0], options)).toBe(model.get(keys[0]))
    expect(this.#db.getSync(keys[0], options)).toBe(model.get(keys[0]))
    expect(await this.#db.getMany(keys, options)).toEqual(keys.map(key => model.get(key)))
    expect(await this.#db.hasMany(keys, options)).toEqual(keys.map(key => model.get(key) !== undefined))
  }

  async #iterate(): Promise<void> {
    const random = this.#random
    const { options: moment, model } = this.#moment()
    const options: IteratorOptions<string> = { ...moment, ...this.#range() }
    const expected = model.entries(options)
    const way = random.below(4)
    const iterator = this.#db.iterator(options)
    if (way === 0) expect(await iterator.all()).toEqual(expected)
    else if (way === 1) expect([...iterator]).toEqual(expected)
    else if (way === 2) {
      await this.#put()
      await this.#db.flush()
      const found: [string, string][] = []
      for await (const entry of iterator) found.push(entry)
      expect(found).toEqual(expected)
    } else {
      const target = this.#key()
      iterator.seek(target)
      const before = random.oneIn(2) ? iterator.nextvSync(3) : await iterator.nextv(3)
      const inside =
        model.entries({ ...options, limit: undefined as never }).length === 0 || this.#contains(options, target)
      const beyond = model
        .entries({ ...this.#range(options), reverse: options.reverse === true })
        .filter(([key]) =>
          options.reverse
            ? Buffer.compare(Buffer.from(key), Buffer.from(target)) <= 0
            : Buffer.compare(Buffer.from(key), Buffer.from(target)) >= 0,
        )
      expect(before).toEqual(inside ? beyond.slice(0, 3) : [])
      await iterator.close()
    }
  }

  #contains(range: IteratorOptions<string>, key: string): boolean {
    return new Model([[key, '']]).entries({ ...this.#range(range) }).length === 1
  }

  #range(from?: IteratorOptions<string>): IteratorOptions<string> {
    const random = this.#random
    if (from !== undefined) {
      const { gt, gte, lt, lte } = from
      return Object.fromEntries(Object.entries({ gt, gte, lt, lte }).filter(([, bound]) => bound !== undefined))
    }
    return {
      ...(random.oneIn(3) && { gte: this.#key() }),
      ...(random.oneIn(4) && { gt: this.#key() }),
      ...(random.oneIn(3) && { lt: this.#key() }),
      ...(random.oneIn(4) && { lte: this.#key() }),
      ...(random.oneIn(2) && { reverse: true }),
    }
  }

  async #compact(): Promise<void> {
    const compacted = this.#db.compactRange(this.#range())
    if (this.#random.oneIn(2)) await this.#put()
    await compacted
  }

  async #clear(): Promise<void> {
    const range = this.#range()
    for (const [key] of this.#model.entries(range)) this.#model.del(key)
    await this.#db.clear(range)
  }

  /** Now, or the moment of an open snapshot. */
  #moment(): { options: { snapshot?: Snapshot }; model: Model } {
    if (this.#snapshots.length === 0 || this.#random.oneIn(2)) return { options: {}, model: this.#model }
    const { snapshot, model } = this.#random.pick(this.#snapshots)
    return { options: { snapshot }, model }
  }

  async #compareAll(): Promise<void> {
    expect(await this.#db.iterator().all()).toEqual(this.#model.entries())
    expect(this.#db.iterator({ reverse: true }).allSync()).toEqual(this.#model.entries({ reverse: true }))
    for (const { snapshot, model } of this.#snapshots) {
      expect(await this.#db.iterator({ snapshot }).all()).toEqual(model.entries())
    }
  }
}
