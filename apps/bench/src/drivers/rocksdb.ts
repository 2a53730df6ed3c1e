/**
 * rocksdb: RocksDB 6.17 behind Level's native module, the last one that it had. It speaks abstract-leveldown: callbacks,
 * and absence as an error; iterators give one entry at a time from a batch that they fetch.
 */
import type { Driver, DriverKind, DriverStats, Operation, ScanRange } from './driver.ts'
import { loadNative, needNode } from './native.ts'
import { rocksIdle } from './rocks-idle.ts'

/** The driver of rocksdb 5. */
export const rocksdb: DriverKind = {
  name: 'rocksdb',
  async load() {
    load()
  },
  async open({ path, durability, options }) {
    const db = load()(path)
    await new Promise<void>((resolve, reject) => db.open(options, settle(resolve, reject)))
    return new RocksDriver(db, { sync: durability === 'synced' })
  },
}

type Callback<T> = (error: Error | null | undefined, result: T) => void

/** What is used of the package. */
interface Down {
  open(options: object, callback: Callback<void>): void
  put(key: Uint8Array, value: Uint8Array, options: object, callback: Callback<void>): void
  del(key: Uint8Array, options: object, callback: Callback<void>): void
  batch(): Chain
  get(key: Uint8Array, options: object, callback: Callback<Buffer>): void
  getMany(keys: readonly Uint8Array[], options: object, callback: Callback<(Buffer | undefined)[]>): void
  iterator(options: object): Iterator
  getProperty(name: string): string
  close(callback: Callback<void>): void
}

interface Chain {
  put(key: Uint8Array, value: Uint8Array): void
  del(key: Uint8Array): void
  write(options: object, callback: Callback<void>): void
}

interface Iterator {
  next(callback: (error: Error | null | undefined, key?: Buffer, value?: Buffer) => void): void
  end(callback: Callback<void>): void
}

function load(): (path: string) => Down {
  needNode('rocksdb 5', { below: 22 })
  return loadNative('rocksdb')
}

const AS_BUFFER = { asBuffer: true }

function settle<T>(resolve: (result: T) => void, reject: (error: Error) => void): Callback<T> {
  return (error, result) => {
    if (error) reject(error)
    else resolve(result)
  }
}

class RocksDriver implements Driver {
  readonly #db: Down
  readonly #write: { readonly sync: boolean }

  constructor(db: Down, write: { readonly sync: boolean }) {
    this.#db = db
    this.#write = write
  }

  put(key: Uint8Array, value: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => this.#db.put(key, value, this.#write, settle(resolve, reject)))
  }

  del(key: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => this.#db.del(key, this.#write, settle(resolve, reject)))
  }

  batch(operations: readonly Operation[]): Promise<void> {
    const batch = this.#db.batch()
    for (const operation of operations) {
      if (operation.type === 'put') batch.put(operation.key, operation.value)
      else batch.del(operation.key)
    }
    return new Promise((resolve, reject) => batch.write(this.#write, settle(resolve, reject)))
  }

  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      this.#db.get(key, AS_BUFFER, (error, value) => {
        if (!error) resolve(value)
        else if (error.message.startsWith('NotFound')) resolve(undefined)
        else reject(error)
      })
    })
  }

  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return new Promise((resolve, reject) => this.#db.getMany(keys, AS_BUFFER, settle(resolve, reject)))
  }

  async scan(range: ScanRange, visit: (key: Uint8Array, value: Uint8Array) => void): Promise<number> {
    const iterator = this.#db.iterator(range)
    try {
      return await visitAll(iterator, visit)
    } finally {
      await new Promise<void>((resolve, reject) => iterator.end(settle(resolve, reject)))
    }
  }

  settle(): Promise<number> {
    return rocksIdle(name => this.#db.getProperty(name))
  }

  stats(): DriverStats {
    return { details: this.#db.getProperty('rocksdb.stats') }
  }

  close(): Promise<void> {
    return new Promise((resolve, reject) => this.#db.close(settle(resolve, reject)))
  }
}

/** One promise for the whole of it: a promise for each entry would cost more than the entry. */
function visitAll(iterator: Iterator, visit: (key: Uint8Array, value: Uint8Array) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    let count = 0
    const step = (): void =>
      iterator.next((error, key, value) => {
        if (error) return reject(error)
        if (key === undefined || value === undefined) return resolve(count)
        try {
          visit(key, value)
        } catch (thrown) {
          return reject(thrown)
        }
        count++
        return step()
      })
    step()
  })
}
