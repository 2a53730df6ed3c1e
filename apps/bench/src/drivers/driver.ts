/**
 * What a benchmark asks of a database, and nothing else: one contract for all, so that a workload never knows whom it
 * measures.
 *
 * 1. Keys and values are bytes, and are the caller's again once the call has resolved, not before.
 * 2. A driver uses its database in the fastest way that its documentation describes, at its default settings unless the
 *    engine's name carries others.
 * 3. A resolved write has the durability that the database was opened with. Two durabilities are never compared.
 *
 * Knows no workload and measures nothing.
 */

/** What a resolved write survives: the death of the process (`os`), or a loss of power (`synced`). */
export type Durability = 'os' | 'synced'

/** How a database is opened. */
interface OpenSettings {
  /** An empty or missing directory of its own. */
  readonly path: string
  readonly durability: Durability
  /** Options of the database by its own names. */
  readonly options: Readonly<Record<string, unknown>>
}

/** One operation of a batch. */
export type Operation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array }

/** Where a scan begins and how far it goes. */
export interface ScanRange {
  /** The least key; from the beginning if it is missing. */
  readonly gte?: Uint8Array
  readonly reverse?: boolean
  /** Entries at most; all if it is missing. */
  readonly limit?: number
}

/** What a database says of itself. All of it is optional: few tell. */
export interface DriverStats {
  /** Bytes written to tables by flushes and compactions since the open, logs not counted. */
  readonly tableBytesWritten?: number
  /** Milliseconds in which the database held writes up. */
  readonly stallMilliseconds?: number
  /** The database's own numbers, for the curious. */
  readonly details?: unknown
}

/** An open database. */
export interface Driver {
  /** Bytes that it may keep in memory of what it has read; missing where it does not say. */
  readonly cacheSize?: number | undefined
  put(key: Uint8Array, value: Uint8Array): Promise<void>
  del(key: Uint8Array): Promise<void>
  /** Applies the operations as one. */
  batch(operations: readonly Operation[]): Promise<void>
  get(key: Uint8Array): Promise<Uint8Array | undefined>
  /** The values of several keys, in their order. */
  getMany(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]>
  /** What it gives is valid until the next call. Missing where the database has no such call. */
  getSync?(key: Uint8Array): Uint8Array | undefined
  /** Hands the entries of a range over, in order; what `visit` gets is valid until it returns. Resolves with their number. */
  scan(range: ScanRange, visit: (key: Uint8Array, value: Uint8Array) => void): Promise<number>
  /**
   * Moves what is only in memory and in the log into tables, and waits until background work has nothing left to do.
   * Resolves with the time, as `performance.now()` has it, when that was so; seeing it may have taken longer.
   */
  settle(): Promise<number>
  stats(): DriverStats
  close(): Promise<void>
}

/** A database that can be measured. */
export interface DriverKind {
  readonly name: string
  /** Loads the database's code, before anything is measured; rejects with `MissingError` if it is not there. */
  load?(options: OpenSettings['options']): Promise<void>
  /** Opens, and makes, a database; throws `TypeError` for a durability that it does not offer. */
  open(settings: OpenSettings): Promise<Driver>
}

/** A database is not installed, does not run here, or lacks a call that a workload is about. Nobody's fault. */
export class MissingError extends Error {
  override readonly name = 'MissingError'
}

/** Entries that drivers fetch at a time where their iterators give more than one. */
export const SCAN_BATCH = 1000
