/**
 * Measures a database of its own: the workloads of LevelDB's db_bench that make sense for one process.
 *
 *     fill… ─▶ (loaded, if none of them ran) ─▶ settle ─▶ read… ─▶ overwrite, delete
 *
 * 1. Keys are 16 digits, values half compressible, as in db_bench. What a read gives is checked, so that nothing is won by
 *    giving nothing.
 * 2. Every workload does `entries` operations, those that sync a thousandth of them.
 *
 * Knows no command line. Another database beside it, and figures to compare, are in the project's own `apps/bench`.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Database } from '@lsm/db'

import type { ByteDatabase } from './commands/command.ts'

/** What is to be measured. */
export interface BenchmarkRequest {
  readonly workloads: readonly WorkloadName[]
  readonly entries: number
  readonly valueBytes: number
  /** Where the database is made, and removed afterwards. */
  readonly parent: string | undefined
  readonly signal: AbortSignal
}

/** What came of one workload. */
export interface WorkloadResult {
  readonly workload: WorkloadName
  readonly operations: number
  readonly seconds: number
  /** Bytes of keys and values that were written or read. */
  readonly bytes: number
}

/** What each workload does, in the order in which they run. */
export const WORKLOADS = {
  fillseq: 'puts in the order of keys, 100 at a time',
  fillrandom: 'puts in random order, 100 at a time',
  fillbatch: 'batches of 1000 random puts',
  fillsync: 'puts that each wait for the disk',
  readseq: 'a scan from the first key to the last',
  readreverse: 'a scan from the last key to the first',
  readrandom: 'gets of random keys, one awaited after the other',
  readmissing: 'gets of keys that are not there',
  readhot: 'gets of one hundredth of the keys',
  seekrandom: 'ten entries from a random key on',
  overwrite: 'puts to random keys that are there, 100 at a time',
  deleterandom: 'deletes of random keys, 100 at a time',
} as const

/** A workload. */
type WorkloadName = keyof typeof WORKLOADS

const KEY_BYTES = 16
const TOGETHER = 100
const BATCH = 1000
const SYNCED_PART = 1000
const SEEKS_PART = 10
const SEEK_ENTRIES = 10

/** Runs the workloads one after the other, and yields what came of each. */
export async function* benchmark(request: BenchmarkRequest): AsyncGenerator<WorkloadResult, void, undefined> {
  const directory = await mkdtemp(join(request.parent ?? tmpdir(), 'lsm-bench-'))
  try {
    await using database = await Database.open(directory, { keyEncoding: 'view', valueEncoding: 'view' })
    const work = new Work(database, request)
    for (const workload of request.workloads) {
      request.signal.throwIfAborted()
      yield await work.run(workload)
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

class Work {
  readonly #database: ByteDatabase
  readonly #entries: number
  readonly #signal: AbortSignal
  readonly #keys = Array.from({ length: BATCH }, () => Buffer.alloc(KEY_BYTES))
  readonly #values: readonly Buffer[]
  #random = 1
  #loaded = false

  constructor(database: ByteDatabase, { entries, valueBytes, signal }: BenchmarkRequest) {
    this.#database = database
    this.#entries = entries
    this.#signal = signal
    const text = Buffer.alloc(valueBytes + BATCH, 'a')
    for (let i = 0; i < text.length; i++) if (i % 2 === 0) text[i] = this.#next(256)
    this.#values = Array.from({ length: BATCH }, (_, i) => text.subarray(i, i + valueBytes))
  }

  async run(workload: WorkloadName): Promise<WorkloadResult> {
    const isFill = workload.startsWith('fill')
    if (!isFill && !this.#loaded) await this.#load()
    if (isFill) this.#loaded = true
    const start = performance.now()
    const operations = await this.#perform(workload)
    const seconds = (performance.now() - start) / 1000
    await this.#database.settled()
    const perOperation = workload === 'seekrandom' ? SEEK_ENTRIES : 1
    const entryBytes = KEY_BYTES + (workload === 'deleterandom' ? 0 : this.#values[0].length)
    const bytes = workload === 'readmissing' ? 0 : operations * perOperation * entryBytes
    return { workload, operations, seconds, bytes }
  }

  #perform(workload: WorkloadName): Promise<number> {
    const any = (): number => this.#next(this.#entries)
    switch (workload) {
      case 'fillseq':
        return this.#write(
          i => i,
          (key, value) => this.#database.put(key, value),
        )
      case 'fillrandom':
      case 'overwrite':
        return this.#write(any, (key, value) => this.#database.put(key, value))
      case 'deleterandom':
        return this.#write(any, key => this.#database.del(key))
      case 'fillbatch':
        return this.#writeBatches(any)
      case 'fillsync':
        return this.#writeSynced(any)
      case 'readseq':
      case 'readreverse':
        return this.#scan(workload === 'readreverse')
      case 'readrandom':
        return this.#read(any, true)
      case 'readmissing':
        return this.#read(any, false)
      case 'readhot':
        return this.#read(() => this.#next(Math.ceil(this.#entries / 100)), true)
      case 'seekrandom':
        return this.#seek(any)
    }
  }

  /** Every key once, and nothing left to be done in the background. */
  async #load(): Promise<void> {
    await this.#writeBatches(i => i)
    await this.#database.flush()
    await this.#database.settled()
    this.#loaded = true
  }

  async #write(choose: (i: number) => number, write: (key: Buffer, value: Buffer) => Promise<void>): Promise<number> {
    for (let i = 0; i < this.#entries; i += TOGETHER) {
      this.#signal.throwIfAborted()
      const count = Math.min(TOGETHER, this.#entries - i)
      await Promise.all(
        Array.from({ length: count }, (_, j) => write(this.#key(j, choose(i + j)), this.#values[(i + j) % BATCH])),
      )
    }
    return this.#entries
  }

  async #writeBatches(choose: (i: number) => number): Promise<number> {
    for (let i = 0; i < this.#entries; i += BATCH) {
      this.#signal.throwIfAborted()
      const batch = this.#database.batch()
      const end = Math.min(i + BATCH, this.#entries)
      for (let j = i; j < end; j++) batch.put(this.#key(j - i, choose(j)), this.#values[j % BATCH])
      await batch.write()
    }
    return this.#entries
  }

  async #writeSynced(choose: (i: number) => number): Promise<number> {
    const count = Math.ceil(this.#entries / SYNCED_PART)
    for (let i = 0; i < count; i++) {
      this.#signal.throwIfAborted()
      await this.#database.put(this.#key(0, choose(i)), this.#values[i % BATCH], { sync: true })
    }
    return count
  }

  async #scan(reverse: boolean): Promise<number> {
    await using iterator = this.#database.iterator({ reverse })
    let count = 0
    for (let some = await iterator.nextv(BATCH); some.length > 0; some = await iterator.nextv(BATCH)) {
      this.#signal.throwIfAborted()
      count += some.length
    }
    return count
  }

  /** Gets; of those that must be there, how many are is checked where every key was written. */
  async #read(choose: (i: number) => number, isThere: boolean): Promise<number> {
    let found = 0
    for (let i = 0; i < this.#entries; i++) {
      if (i % BATCH === 0) this.#signal.throwIfAborted()
      const key = this.#key(0, choose(i))
      if (!isThere) key[KEY_BYTES - 1] = 0x2e
      const value = await this.#database.get(key)
      if (value?.length === this.#values[0].length) found++
    }
    if (!isThere && found > 0) throw new Error(`${found} keys are there that were never written`)
    if (isThere && found === 0) throw new Error('no key is there, although all were written')
    return this.#entries
  }

  async #seek(choose: (i: number) => number): Promise<number> {
    const count = Math.ceil(this.#entries / SEEKS_PART)
    for (let i = 0; i < count; i++) {
      if (i % BATCH === 0) this.#signal.throwIfAborted()
      await using iterator = this.#database.iterator({ gte: this.#key(0, choose(i)) })
      await iterator.nextv(SEEK_ENTRIES)
    }
    return count
  }

  #key(slot: number, number: number): Buffer {
    const key = this.#keys[slot]
    for (let at = KEY_BYTES - 1, rest = number; at >= 0; at--) {
      key[at] = 0x30 + (rest % 10)
      rest = Math.floor(rest / 10)
    }
    return key
  }

  /** The next random number below a bound. */
  #next(bound: number): number {
    this.#random ^= this.#random << 13
    this.#random ^= this.#random >>> 17
    this.#random ^= this.#random << 5
    return (this.#random >>> 0) % bound
  }
}
