/**
 * SQLite, by better-sqlite3 and by Node's own module: a table of blobs without row numbers, prepared statements, and the
 * write-ahead log, as both advise. All of it is synchronous: a promise here is one that was already kept.
 *
 *     os       synchronous = NORMAL    the log is written at each commit, and synced at checkpoints
 *     synced   synchronous = FULL      the log is synced at each commit
 */
import { join } from 'node:path'

import type { Driver, DriverKind, DriverStats, Operation, ScanRange } from './driver.ts'
import { loadNative, needNode } from './native.ts'

/** The driver of better-sqlite3, whose binaries crash older versions of Node. */
export const betterSqlite3: DriverKind = sqlite('better-sqlite3', 'better-sqlite3', module => {
  const Database = module as new (file: string) => Connection
  return file => {
    const db = new Database(file)
    return { db, get: sql => db.prepare(sql).pluck(), rows: sql => db.prepare(sql).raw() }
  }
})

/** The driver of `node:sqlite`. */
export const nodeSqlite: DriverKind = sqlite('node-sqlite', 'node:sqlite', module => {
  const { DatabaseSync } = module as { DatabaseSync: new (file: string) => Connection }
  return file => {
    const db = new DatabaseSync(file)
    return { db, get: sql => db.prepare(sql), rows: sql => db.prepare(sql) }
  }
})

/** What is used of both, and what the one has more than the other. */
interface Connection {
  prepare(sql: string): Statement
  exec(sql: string): void
  close(): void
}

interface Statement {
  run(...values: unknown[]): unknown
  get(...values: unknown[]): unknown
  all(...values: unknown[]): unknown[]
  iterate(...values: unknown[]): Iterable<unknown>
  pluck(): Statement
  raw(): Statement
}

interface Handle {
  readonly db: Connection
  /** Prepares a look-up of one value. */
  readonly get: (sql: string) => Statement
  /** Prepares a query for keys and values. */
  readonly rows: (sql: string) => Statement
}

function sqlite(name: string, module: string, opener: (module: unknown) => Opener): DriverKind {
  const load = (): Opener => {
    needNode(name, { from: 22 })
    return opener(loadNative(module))
  }
  return {
    name,
    async load() {
      load()
    },
    async open({ path, durability, options }) {
      return new SqliteDriver(load()(join(path, 'bench.sqlite')), {
        journal_mode: 'WAL',
        synchronous: durability === 'synced' ? 'FULL' : 'NORMAL',
        ...options,
      })
    },
  }
}

type Opener = (file: string) => Handle

/** Results of queries that are shorter than this are fetched at once, which is faster. */
const LONG_SCAN = 1000

class SqliteDriver implements Driver {
  readonly #db: Connection
  readonly #put: Statement
  readonly #del: Statement
  readonly #get: Statement
  readonly #forwards: Statement
  readonly #backwards: Statement
  readonly #begin: Statement
  readonly #commit: Statement

  /** @param pragmas - by SQLite's names. */
  constructor({ db, get, rows }: Handle, pragmas: Readonly<Record<string, unknown>>) {
    this.#db = db
    for (const [name, value] of Object.entries(pragmas)) db.exec(`PRAGMA ${name} = ${String(value)}`)
    db.exec('CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID')
    this.#put = db.prepare('INSERT OR REPLACE INTO entries (key, value) VALUES (?, ?)')
    this.#del = db.prepare('DELETE FROM entries WHERE key = ?')
    this.#get = get('SELECT value FROM entries WHERE key = ?')
    this.#forwards = rows('SELECT key, value FROM entries WHERE key >= ? ORDER BY key LIMIT ?')
    this.#backwards = rows('SELECT key, value FROM entries WHERE key >= ? ORDER BY key DESC LIMIT ?')
    this.#begin = db.prepare('BEGIN')
    this.#commit = db.prepare('COMMIT')
  }

  async put(key: Uint8Array, value: Uint8Array): Promise<void> {
    this.#put.run(key, value)
  }

  async del(key: Uint8Array): Promise<void> {
    this.#del.run(key)
  }

  async batch(operations: readonly Operation[]): Promise<void> {
    this.#begin.run()
    for (const operation of operations) {
      if (operation.type === 'put') this.#put.run(operation.key, operation.value)
      else this.#del.run(operation.key)
    }
    this.#commit.run()
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.getSync(key)
  }

  getSync(key: Uint8Array): Uint8Array | undefined {
    const found = this.#get.get(key)
    if (found === undefined || found === null || found instanceof Uint8Array) return found ?? undefined
    return (found as { readonly value: Uint8Array }).value
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    this.#begin.run()
    const values = keys.map(key => this.getSync(key))
    this.#commit.run()
    return values
  }

  async scan(range: ScanRange, visit: (key: Uint8Array, value: Uint8Array) => void): Promise<number> {
    const { gte = new Uint8Array(), reverse = false, limit = -1 } = range
    const statement = reverse ? this.#backwards : this.#forwards
    const short = limit >= 0 && limit < LONG_SCAN
    let count = 0
    for (const row of short ? statement.all(gte, limit) : statement.iterate(gte, limit)) {
      if (Array.isArray(row)) visit(row[0] as Uint8Array, row[1] as Uint8Array)
      else {
        const { key, value } = row as { readonly key: Uint8Array; readonly value: Uint8Array }
        visit(key, value)
      }
      count++
    }
    return count
  }

  async settle(): Promise<number> {
    this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    return performance.now()
  }

  stats(): DriverStats {
    return {}
  }

  async close(): Promise<void> {
    this.#db.close()
  }
}
