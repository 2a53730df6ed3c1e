/**
 * The database as its users know it. It owns no state: each method checks its arguments and hands on.
 */
import { LsmError } from '@lsm/base'
import { nodeFileSystem } from '@lsm/fs/node'

import { approximateSize } from './approximate-size.ts'
import { ChainedBatch } from './chained-batch.ts'
import { closeEngine } from './close.ts'
import { Cursors } from './cursor.ts'
import { Drive } from './drive.ts'
import { transcoder, type Decoded, type EncodingOption, type EncodingOptions, type Transcoder } from './encoding.ts'
import type { DatabaseEvents } from './events.ts'
import { DatabaseIterator, type IteratorParts, type IteratorSurroundings } from './iterator.ts'
import { encodeKey, EVERYTHING, keyRange, type RangeOptions } from './key-range.ts'
import { placeOf, type Held } from './leaks.ts'
import { compactRange, type CompactRangeOptions } from './manual-compaction.ts'
import { openEngine, type Engine, type Writer } from './open.ts'
import { checkedLimit, checkedPart, resolveOptions, type OpenOptions, type WriteOptions } from './options.ts'
import { PointReader } from './point-reader.ts'
import type { RecoveryReport } from './recovery.ts'
import type { RepairReport } from './repair-report.ts'
import type { RepairOptions } from './repair.ts'
import { Snapshot } from './snapshot.ts'
import { databaseStats, type DatabaseStats } from './stats.ts'
import type { VerifyReport } from './verify-report.ts'
import type { VerifyOptions } from './verify.ts'
import { WriteBatch } from './write-batch.ts'
import type { StallDecision } from './write-stall.ts'

/** Settings of one call that reads. */
export interface ReadOptions {
  /** Read as of this moment instead of now. */
  readonly snapshot?: Snapshot
}

/** Settings of an iterator. */
export interface IteratorOptions<K> extends RangeOptions<K>, ReadOptions {
  /** From the last key to the first. Default `false`. */
  readonly reverse?: boolean
  /** Entries to give at most; -1 for all. Default -1. */
  readonly limit?: number
  /** Ends the iterator when it fires. */
  readonly signal?: AbortSignal
}

/** One operation of a batch. */
export type BatchOperation<K, V> =
  | {
      /** Stores a value. */
      readonly type: 'put'
      /** The key to store it under. */
      readonly key: K
      /** The value to store. */
      readonly value: V
    }
  | {
      /** Deletes a key. */
      readonly type: 'del'
      /** The key to delete; it need not be there. */
      readonly key: K
    }

/** A key of the database's own encoding, or of the one that the call names. */
type KeyOf<K, O> = O extends { keyEncoding: infer E } ? Decoded<E> : K
/** A value of the database's own encoding, or of the one that the call names. */
type ValueOf<V, O> = O extends { valueEncoding: infer E } ? Decoded<E> : V

/** Entries that `clear` deletes in one batch. */
const CLEAR_BATCH = 1000

/** Only tells whether a key is there. */
const PRESENCE: Transcoder = { name: 'presence', prepare: () => '', read: () => true }

/**
 * A durable, ordered map from keys to values in a directory.
 *
 * @typeParam K - type of keys, by the database's `keyEncoding`.
 * @typeParam V - type of values, by the database's `valueEncoding`.
 *
 * @example
 * ```ts
 * import { Database } from '@lsm/db'
 *
 * await using db = await Database.open('./database-example')
 * await db.put('fruit:apple', 'red')
 * await db.put('fruit:pear', 'green')
 * console.log(await db.get('fruit:apple')) // red
 * console.log(await db.get('fruit:plum')) // undefined
 * for await (const [key, value] of db.iterator({ gte: 'fruit:' })) console.log(key, value)
 * ```
 */
export class Database<K = string, V = string> {
  readonly #engine: Engine
  readonly #drive = new Drive()
  readonly #reader: PointReader
  /** What its iterators share. */
  readonly #surroundings: IteratorSurroundings
  /** What is left of this object when it was forgotten. */
  readonly #held: Held
  readonly #batch = new WriteBatch()
  #closing: Promise<void> | undefined

  private constructor(engine: Engine, place: string | undefined) {
    const { tables, snapshots, leaks, clock } = engine
    this.#engine = engine
    this.#reader = new PointReader(tables, this.#drive, clock)
    const cursors = new Cursors({ snapshots, tables, leaks })
    this.#surroundings = { owner: this, cursors, drive: this.#drive, clock }
    this.#held = { kind: 'database', place, leaks, released: false, watched: false, release: nothing }
    leaks.watch(this, this.#held)
  }

  /**
   * Opens the database in a directory, and makes it if it is not there.
   *
   * @param path - the directory; one written by LevelDB will do.
   * @throws LsmError `LSM_LOCKED` if another owner has it open, `LSM_CORRUPTION` if its files contradict each other,
   *   `LSM_NOT_FOUND` and `LSM_EXISTS` as the options say.
   */
  static async open<KE extends EncodingOption = 'utf8', VE extends EncodingOption = 'utf8'>(
    path: string,
    options: OpenOptions<KE, VE> = {},
  ): Promise<Database<Decoded<KE>, Decoded<VE>>> {
    if (typeof path !== 'string' || path === '') throw new TypeError('path must be the name of a directory')
    const resolved = resolveOptions(options, nodeFileSystem)
    const place = resolved.trackLeaks ? placeOf() : undefined
    return new Database(await openEngine(path, resolved), place)
  }

  /**
   * Removes the database in a directory: its files, and the directory if nothing else is in it. Touches nothing, and
   * rejects with nothing, where there is no database.
   *
   * @throws LsmError `LSM_LOCKED` if it is open.
   */
  static async destroy(path: string, options: Pick<OpenOptions, 'fileSystem'> = {}): Promise<void> {
    const { destroyDatabase } = await import('./destroy.ts')
    return destroyDatabase(path, options.fileSystem ?? nodeFileSystem)
  }

  /**
   * Reads every byte of the database in a directory, and says what is wrong with it. Changes nothing and takes no lock:
   * the database may be in use, by this process or another.
   *
   * @throws LsmError `LSM_NOT_FOUND` if there is none, `LSM_IO` if a file cannot be read; damage is in the report.
   */
  static async verify(path: string, options: VerifyOptions = {}): Promise<VerifyReport> {
    const { verifyDatabase } = await import('./verify.ts')
    return verifyDatabase(path, options, nodeFileSystem)
  }

  /**
   * Makes a new database, in a directory of its own, of everything that can still be read of a damaged one: every batch
   * and every block whose checksum is right. The damaged one is left as it is. To put the new one in its place is yours:
   * rename the two directories.
   *
   * @returns what was read, and what is lost.
   * @throws LsmError `LSM_LOCKED` if the damaged one is open, `LSM_EXISTS` if there is something in the other directory,
   *   `LSM_NOT_FOUND` if there is nothing to repair.
   */
  static async repair(path: string, options: RepairOptions = {}): Promise<RepairReport> {
    const { repairDatabase } = await import('./repair.ts')
    return repairDatabase(path, options, nodeFileSystem)
  }

  /** What opening found: logs replayed, and everything that could not be used. */
  get recovery(): RecoveryReport {
    return this.#engine.recovery
  }

  /** Whether it was opened read-only. */
  get readOnly(): boolean {
    return this.#engine.writer === undefined
  }

  /** Stores a value. Resolves when it survives the death of the process; with `sync`, a loss of power. */
  put<O extends WriteOptions & EncodingOptions>(key: KeyOf<K, O>, value: ValueOf<V, O>, options?: O): Promise<void> {
    try {
      const { queue } = this.#writer()
      return queue.put(this.#key(key, options), this.#value(value, options), options?.sync ?? false, options?.signal)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Deletes a key; no error if it is not there. */
  del<O extends WriteOptions & EncodingOptions>(key: KeyOf<K, O>, options?: O): Promise<void> {
    try {
      return this.#writer().queue.del(this.#key(key, options), options?.sync ?? false, options?.signal)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** The value of a key, or `undefined`. */
  get<O extends ReadOptions & EncodingOptions>(key: KeyOf<K, O>, options?: O): Promise<ValueOf<V, O> | undefined> {
    return this.#read(key, options, this.#valueEncoding(options)) as Promise<ValueOf<V, O> | undefined>
  }

  /** The value of a key, or `undefined`; blocks the thread where the disk is needed. */
  getSync<O extends ReadOptions & EncodingOptions>(key: KeyOf<K, O>, options?: O): ValueOf<V, O> | undefined {
    const { current } = this.#open()
    const encoding = this.#valueEncoding(options)
    return this.#reader.getSync(this.#key(key, options), current.state, this.#sequence(options), encoding) as
      | ValueOf<V, O>
      | undefined
  }

  /**
   * The values of several keys, in their order, all as of one moment. Takes less time than a `get` for each: look-ups of what is in
   * memory overlap. Very many let others run in between.
   */
  getMany<O extends ReadOptions & EncodingOptions>(
    keys: readonly KeyOf<K, O>[],
    options?: O,
  ): Promise<(ValueOf<V, O> | undefined)[]> {
    return this.#readMany(keys, options, this.#valueEncoding(options)) as Promise<(ValueOf<V, O> | undefined)[]>
  }

  /** Whether a key has a value. */
  async has<O extends ReadOptions & EncodingOptions>(key: KeyOf<K, O>, options?: O): Promise<boolean> {
    return (await this.#read(key, options, PRESENCE)) === true
  }

  /** Whether each of several keys has a value, all as of one moment. */
  async hasMany<O extends ReadOptions & EncodingOptions>(
    keys: readonly KeyOf<K, O>[],
    options?: O,
  ): Promise<boolean[]> {
    return (await this.#readMany(keys, options, PRESENCE)).map(found => found === true)
  }

  /** Applies several operations as one: after a crash all of them are there, or none. */
  batch<O extends WriteOptions & EncodingOptions>(
    operations: readonly BatchOperation<KeyOf<K, O>, ValueOf<V, O>>[],
    options?: O,
  ): Promise<void>
  /** Starts a batch to add operations to; `write()` applies it. */
  batch(): ChainedBatch<K, V>
  batch(operations?: readonly BatchOperation<unknown, unknown>[], options?: WriteOptions & EncodingOptions): unknown {
    if (operations === undefined) return this.#chainedBatch()
    try {
      const { queue } = this.#writer()
      const batch = this.#batch
      batch.clear()
      for (const operation of operations) this.#addOperation(batch, operation, options)
      return queue.write(batch, options?.sync ?? false, options?.signal)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Walks `[key, value]` pairs of a range in order, as of now or of a snapshot. Close it, or let a loop do so. */
  iterator<O extends IteratorOptions<KeyOf<K, O>> & EncodingOptions>(
    options?: O,
  ): DatabaseIterator<[KeyOf<K, O>, ValueOf<V, O>], KeyOf<K, O>> {
    return this.#iterator(options, 'entries') as DatabaseIterator<[KeyOf<K, O>, ValueOf<V, O>], KeyOf<K, O>>
  }

  /** Like {@link Database.iterator}, with keys alone. */
  keys<O extends IteratorOptions<KeyOf<K, O>> & EncodingOptions>(
    options?: O,
  ): DatabaseIterator<KeyOf<K, O>, KeyOf<K, O>> {
    return this.#iterator(options, 'keys') as DatabaseIterator<KeyOf<K, O>, KeyOf<K, O>>
  }

  /** Like {@link Database.iterator}, with values alone. */
  values<O extends IteratorOptions<KeyOf<K, O>> & EncodingOptions>(
    options?: O,
  ): DatabaseIterator<ValueOf<V, O>, KeyOf<K, O>> {
    return this.#iterator(options, 'values') as DatabaseIterator<ValueOf<V, O>, KeyOf<K, O>>
  }

  /** Deletes the keys of a range, in batches: not atomic. Everything, if no bound is given. */
  async clear<O extends IteratorOptions<KeyOf<K, O>> & WriteOptions & EncodingOptions>(options?: O): Promise<void> {
    const { queue } = this.#writer()
    using keys = this.#iterator(options, 'keys', transcoder('view', 'keyEncoding'))
    for (let some = await keys.nextv(CLEAR_BATCH); some.length > 0; some = await keys.nextv(CLEAR_BATCH)) {
      const batch = new WriteBatch()
      for (const key of some) batch.del(key as Uint8Array)
      await queue.write(batch, options?.sync ?? false, options?.signal)
    }
  }

  /** Holds this moment, to be read later through the `snapshot` option. Close it. */
  snapshot(): Snapshot {
    const { snapshots, leaks } = this.#open()
    return new Snapshot(snapshots, leaks, this.#newest(), leaks.place())
  }

  /** Roughly how many bytes of table files hold the keys from `start` up to `end`; what is only in memory does not count. */
  async approximateSize<O extends EncodingOptions>(start: KeyOf<K, O>, end: KeyOf<K, O>, options?: O): Promise<number> {
    const { current, tables } = this.#open()
    const encoding = this.#keyEncoding(options)
    return approximateSize(encodeKey(start, encoding), encodeKey(end, encoding), current.state.version, tables)
  }

  /** Makes a table of what is only in memory and in the log. Resolves when it is durable. */
  async flush(): Promise<void> {
    const { queue, background } = this.#writer()
    await queue.freeze()
    await background.flushed()
  }

  /**
   * Compacts a range, down to the last level: overwritten and deleted data leaves the disk, except what an open snapshot
   * or iterator still sees. Everything, if no bound is given; a table on a bound is compacted as a whole.
   *
   * @throws LsmError `LSM_ABORTED` when the signal fires; what was done until then stays done.
   */
  async compactRange<O extends EncodingOptions & CompactRangeOptions>(
    range: RangeOptions<KeyOf<K, O>> = {},
    options?: O,
  ): Promise<void> {
    const { strategy, background, compactions } = this.#writer()
    const { lower, upper } = keyRange(range, this.#keyEncoding(options))
    await this.flush()
    await compactRange({ strategy, compactions, background }, lower?.key, upper?.key, options ?? {})
  }

  /** Resolves when nothing is left to flush or to compact. */
  async settled(): Promise<void> {
    await this.#writer().background.idle()
  }

  /**
   * Takes writes again after they have stopped because the disk failed (`LSM_READ_ONLY`), once its cause is mended:
   * everything that was acknowledged is written to tables and a new log is begun. Writes that were refused stay refused.
   * Does nothing if writes have not stopped.
   *
   * @throws LsmError if the disk still fails, or if it was the MANIFEST that failed: only opening the database again helps then.
   */
  async resume(): Promise<void> {
    const { queue, background } = this.#writer()
    if (queue.failure === undefined) return
    background.revive()
    await queue.resume()
  }

  /** Lets running compactions end and starts no others, until {@link Database.resumeCompaction}. Flushes go on. */
  pauseCompaction(): Promise<void> {
    return this.#writer().background.pause()
  }

  /** Takes one {@link Database.pauseCompaction} back. */
  resumeCompaction(): void {
    this.#writer().background.resume()
  }

  /** How hard the tree presses on writes, from 0, free, to 1, they wait; and why. */
  get pressure(): StallDecision {
    return this.#writer().gate.decision
  }

  /** Tells of flushes, compactions, stalls and failures as they happen. */
  get events(): DatabaseEvents {
    return this.#engine.events
  }

  /** What the database consists of and has done, in numbers. */
  stats(): DatabaseStats {
    return databaseStats(this.#open(), this.#drive, this.#surroundings.cursors.size)
  }

  /**
   * Closes the database: waits for writes that were started, syncs the log, ends iterators, gives the directory free.
   * Calls made afterwards fail with `LSM_CLOSED`. Does nothing the second time.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** Closes the database at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    const { leaks } = this.#engine
    leaks.close()
    leaks.forget(this.#held)
    await this.#surroundings.cursors.close()
    await this.#reader.settled()
    await closeEngine(this.#engine)
  }

  /** The engine of an open database. */
  #open(): Engine {
    if (this.#closing !== undefined) throw new LsmError('LSM_CLOSED', 'the database is closed')
    return this.#engine
  }

  #writer(): Writer {
    const { writer } = this.#open()
    if (writer === undefined) throw new LsmError('LSM_READ_ONLY', 'the database was opened with readOnly')
    return writer
  }

  /** The number of the newest write that reads may see. */
  #newest(): number {
    const { writer, recovery } = this.#engine
    return writer === undefined ? recovery.lastSequence : writer.queue.lastSequence
  }

  #sequence(options: ReadOptions | undefined): number {
    const snapshot = options?.snapshot
    if (snapshot === undefined) return this.#newest()
    if (snapshot.belongsTo(this.#engine.snapshots)) return snapshot.sequence
    if (snapshot instanceof Snapshot && snapshot.closed) throw new LsmError('LSM_CLOSED', 'the snapshot is closed')
    throw new TypeError('snapshot must come from this database')
  }

  #keyEncoding(options: EncodingOptions | undefined): Transcoder {
    const encoding = options?.keyEncoding
    return encoding === undefined ? this.#engine.options.key : transcoder(encoding, 'keyEncoding')
  }

  #valueEncoding(options: EncodingOptions | undefined): Transcoder {
    const encoding = options?.valueEncoding
    return encoding === undefined ? this.#engine.options.value : transcoder(encoding, 'valueEncoding')
  }

  #key(key: unknown, options: EncodingOptions | undefined): string | Uint8Array {
    return checkedPart(this.#keyEncoding(options).prepare(key), this.#engine.options.maxKeySize, 'key')
  }

  #value(value: unknown, options: EncodingOptions | undefined): string | Uint8Array {
    return checkedPart(this.#valueEncoding(options).prepare(value), this.#engine.options.maxValueSize, 'value')
  }

  #read(key: unknown, options: (ReadOptions & EncodingOptions) | undefined, encoding: Transcoder): Promise<unknown> {
    try {
      const { current } = this.#open()
      return this.#reader.get(this.#key(key, options), current.state, this.#sequence(options), encoding)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async #readMany(
    keys: readonly unknown[],
    options: (ReadOptions & EncodingOptions) | undefined,
    encoding: Transcoder,
  ): Promise<unknown[]> {
    const { current } = this.#open()
    if (!Array.isArray(keys)) throw new TypeError('keys must be an array')
    const prepared = keys.map(key => this.#key(key, options))
    return this.#reader.getMany(prepared, current.state, this.#sequence(options), encoding)
  }

  #iterator(
    options: (IteratorOptions<unknown> & EncodingOptions) | undefined,
    shape: IteratorParts['shape'],
    key: Transcoder = this.#keyEncoding(options),
  ): DatabaseIterator<unknown, unknown> {
    const { current } = this.#open()
    return new DatabaseIterator<unknown, unknown>(this.#surroundings, {
      state: current.state,
      sequence: this.#sequence(options),
      range: options === undefined ? EVERYTHING : keyRange(options, this.#keyEncoding(options)),
      reverse: options?.reverse ?? false,
      limit: checkedLimit(options?.limit),
      signal: options?.signal,
      key,
      value: this.#valueEncoding(options),
      shape,
    })
  }

  #chainedBatch(): ChainedBatch<K, V> {
    const { queue } = this.#writer()
    return new ChainedBatch<K, V>({
      key: (key, options) => this.#key(key, options),
      value: (value, options) => this.#value(value, options),
      write: (batch, { sync, signal }) => queue.write(batch, sync ?? false, signal),
    })
  }

  #addOperation(batch: WriteBatch, operation: BatchOperation<unknown, unknown>, options?: EncodingOptions): void {
    const type = (operation as BatchOperation<unknown, unknown> | null | undefined)?.type
    if (type === 'put')
      batch.put(this.#key(operation.key, options), this.#value((operation as { value: unknown }).value, options))
    else if (type === 'del') batch.del(this.#key(operation.key, options))
    else throw new TypeError("each operation must be { type: 'put', key, value } or { type: 'del', key }")
  }
}

/** A database that was forgotten gives up nothing: what it holds is for its close to end. */
function nothing(): void {
  // Its files and its lock stay as they are.
}
