/**
 * lmdb-js at its defaults: LMDB, a copy-on-write B+-tree in a memory map. Reads are synchronous by nature. Writes are
 * asynchronous, and what one turn of the event loop asks for is one transaction.
 *
 * Its asynchronous transaction is faster than its `batch` (25 against 42 µs per entry in thousands), and a loop of gets than
 * its `getMany` (2.0 against 3.4 µs per key), which reads ahead in another thread for databases that are not in memory.
 *
 * A put resolves when it is committed; that it is on the disk is another promise, `flushed`.
 */
import {
  MissingError,
  type Driver,
  type DriverKind,
  type DriverStats,
  type Operation,
  type ScanRange,
} from './driver.ts'
import { loadNative } from './native.ts'

/** The driver of lmdb-js. */
export const lmdb: DriverKind = {
  name: 'lmdb',
  async load() {
    load()
  },
  async open({ path, durability, options }) {
    const db = load().open({ path, keyEncoding: 'binary', encoding: 'binary', ...options })
    return new LmdbDriver(db, durability === 'synced')
  },
}

/** What is used of the package. */
interface Lmdb {
  open(options: object): Store
}

interface Store {
  put(key: Uint8Array, value: Uint8Array): Promise<boolean>
  remove(key: Uint8Array): Promise<boolean>
  transaction(act: () => void): Promise<unknown>
  get(key: Uint8Array): Buffer | undefined
  /** Valid until the next get. */
  getBinaryFast(key: Uint8Array): Buffer | undefined
  getRange(range: object): Iterable<{ readonly key: Buffer; readonly value: Buffer }>
  readonly flushed: Promise<unknown>
  close(): Promise<void>
}

function load(): Lmdb {
  const module = loadNative<Partial<Lmdb>>('lmdb')
  if (module.open === undefined) throw new MissingError('lmdb has no binary for this system')
  return module as Lmdb
}

class LmdbDriver implements Driver {
  readonly #db: Store
  readonly #sync: boolean

  constructor(db: Store, sync: boolean) {
    this.#db = db
    this.#sync = sync
  }

  put(key: Uint8Array, value: Uint8Array): Promise<void> {
    return this.#resolved(this.#db.put(key, value))
  }

  del(key: Uint8Array): Promise<void> {
    return this.#resolved(this.#db.remove(key))
  }

  batch(operations: readonly Operation[]): Promise<void> {
    const db = this.#db
    const written = db.transaction(() => {
      for (const operation of operations) {
        if (operation.type === 'put') void db.put(operation.key, operation.value)
        else void db.remove(operation.key)
      }
    })
    return this.#resolved(written)
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#db.get(key)
  }

  getSync(key: Uint8Array): Uint8Array | undefined {
    return this.#db.getBinaryFast(key)
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return keys.map(key => this.#db.get(key))
  }

  async scan(range: ScanRange, visit: (key: Uint8Array, value: Uint8Array) => void): Promise<number> {
    const { gte, reverse = false, limit } = range
    let count = 0
    for (const { key, value } of this.#db.getRange({ ...(reverse ? { end: gte } : { start: gte }), reverse, limit })) {
      visit(key, value)
      count++
    }
    return count
  }

  async settle(): Promise<number> {
    await this.#db.flushed
    return performance.now()
  }

  stats(): DriverStats {
    return {}
  }

  close(): Promise<void> {
    return this.#db.close()
  }

  async #resolved(write: Promise<unknown>): Promise<void> {
    await write
    if (this.#sync) await this.#db.flushed
  }
}
