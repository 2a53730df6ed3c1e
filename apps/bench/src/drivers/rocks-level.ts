/**
 * @nxtedition/rocksdb: a current RocksDB behind a native module that speaks abstract-level.
 *
 * Its put is a batch of one that loses the option `sync` on the way (12.2.12), so here it is a batch of one openly. Absence is
 * an error for `get` and `undefined` for `getMany`, which `get` is made of; so one key is asked for as many are.
 */
import { scanEntries, writeChained } from './abstract-level.ts'
import type { Driver, DriverKind, DriverStats, Operation, ScanRange } from './driver.ts'
import { loadNative } from './native.ts'
import { rocksIdle } from './rocks-idle.ts'

/** The driver of @nxtedition/rocksdb. */
export const rocksLevel: DriverKind = {
  name: 'nxtedition-rocksdb',
  async load() {
    loadNative('@nxtedition/rocksdb')
  },
  async open({ path, durability, options }) {
    const { RocksLevel } = loadNative<{ RocksLevel: new (path: string, options: object) => Level }>(
      '@nxtedition/rocksdb',
    )
    const db = new RocksLevel(path, { keyEncoding: 'buffer', valueEncoding: 'buffer' })
    await db.open(options)
    return new RocksLevelDriver(db, { sync: durability === 'synced' })
  },
}

/** What is used of the package. */
interface Level {
  open(options: object): Promise<void>
  batch(): Chain
  getMany(keys: readonly Uint8Array[]): Promise<(Buffer | undefined)[]>
  iterator(range: object): {
    nextv(size: number): Promise<[Buffer, Buffer][]>
    close(): Promise<void>
  }
  getProperty(name: string): string
  close(): Promise<void>
}

interface Chain {
  put(key: Uint8Array, value: Uint8Array): void
  del(key: Uint8Array): void
  write(options: object): Promise<void>
}

class RocksLevelDriver implements Driver {
  readonly #db: Level
  readonly #write: { readonly sync: boolean }

  constructor(db: Level, write: { readonly sync: boolean }) {
    this.#db = db
    this.#write = write
  }

  put(key: Uint8Array, value: Uint8Array): Promise<void> {
    return this.batch([{ type: 'put', key, value }])
  }

  del(key: Uint8Array): Promise<void> {
    return this.batch([{ type: 'del', key }])
  }

  batch(operations: readonly Operation[]): Promise<void> {
    return writeChained(this.#db.batch(), operations, this.#write)
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return (await this.#db.getMany([key]))[0]
  }

  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return this.#db.getMany(keys)
  }

  scan(range: ScanRange, visit: (key: Uint8Array, value: Uint8Array) => void): Promise<number> {
    return scanEntries(this.#db.iterator(range), range, visit)
  }

  settle(): Promise<number> {
    return rocksIdle(name => this.#db.getProperty(name))
  }

  stats(): DriverStats {
    return { details: this.#db.getProperty('rocksdb.stats') }
  }

  close(): Promise<void> {
    return this.#db.close()
  }
}
