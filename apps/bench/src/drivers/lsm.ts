/**
 * @lsm/db. Batches go in as arrays, reads come out as views, scans take many entries at a time.
 */
import type * as Module from '@lsm/db'
import type { Database, OpenOptions } from '@lsm/db'
import { pathToFileURL } from 'node:url'

import { scanEntries } from './abstract-level.ts'
import type { Driver, DriverKind, DriverStats, Operation, ScanRange } from './driver.ts'

/** The driver of @lsm/db. The option `from` names the file of another build of it. */
export const lsm: DriverKind = {
  name: 'lsm',
  async load({ from }) {
    await load(from)
  },
  async open({ path, durability, options }) {
    const { from, ...given } = options as OpenOptions & { readonly from?: string }
    const { Database: Built } = await load(from)
    const db = await Built.open(path, { ...given, keyEncoding: 'view', valueEncoding: 'view' })
    return new LsmDriver(db, durability === 'synced' ? { sync: true } : undefined, given.cacheSize)
  },
}

function load(from: unknown): Promise<Pick<typeof Module, 'Database'>> {
  return typeof from === 'string' ? import(pathToFileURL(from).href) : import('@lsm/db')
}

type Bytes = Database<Uint8Array, Uint8Array>
type Write = { readonly sync: true } | undefined

class LsmDriver implements Driver {
  readonly cacheSize: number | undefined
  readonly #db: Bytes
  readonly #write: Write

  constructor(db: Bytes, write: Write, cacheSize: number | undefined) {
    this.#db = db
    this.#write = write
    this.cacheSize = cacheSize
  }

  put(key: Uint8Array, value: Uint8Array): Promise<void> {
    return this.#db.put(key, value, this.#write)
  }

  del(key: Uint8Array): Promise<void> {
    return this.#db.del(key, this.#write)
  }

  batch(operations: readonly Operation[]): Promise<void> {
    return this.#db.batch(operations, this.#write)
  }

  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#db.get(key)
  }

  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return this.#db.getMany(keys)
  }

  getSync(key: Uint8Array): Uint8Array | undefined {
    return this.#db.getSync(key)
  }

  scan(range: ScanRange, visit: (key: Uint8Array, value: Uint8Array) => void): Promise<number> {
    return scanEntries(this.#db.iterator(range), range, visit)
  }

  async settle(): Promise<number> {
    await this.#db.flush()
    await this.#db.settled()
    return performance.now()
  }

  stats(): DriverStats {
    const details = this.#db.stats()
    return {
      tableBytesWritten: details.flushes.bytes + details.compactions.bytesWritten,
      stallMilliseconds: details.stalls.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
      details,
    }
  }

  close(): Promise<void> {
    return this.#db.close()
  }
}
