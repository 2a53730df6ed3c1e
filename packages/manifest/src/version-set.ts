/**
 * The one owner of the manifest: which version is the current one, and which numbers have been given out.
 *
 *     CURRENT -> MANIFEST-000007: snapshot | edit | edit | ...
 *
 * 1. A version is installed after the edit that leads to it has been synced, never before.
 * 2. A new manifest is synced, then its name is made durable, then CURRENT is replaced.
 * 3. A manifest is appended to only by the set that made it: the end of one that was read may be torn.
 * 4. Changes are made one after the other, in the order of the calls.
 * 5. After a failed write or sync it is not known what the manifest holds. Every later change is refused; the current
 *    version stays the one from before.
 * 6. The next file number is greater than every number in use.
 *
 * Does not read or remove tables and logs.
 */
import { LsmError, type Directory } from '@lsm/base'
import type { LogWriter } from '@lsm/wal'

import { readCurrent, refuseLeftovers } from './current.ts'
import { CURRENT, manifestFileName } from './file-names.ts'
import { emptyVersion, readManifest, type ManifestState, type RecoveredManifest } from './manifest-reader.ts'
import { beginManifest, snapshotEdit } from './manifest-writer.ts'
import { VersionBuilder } from './version-builder.ts'
import { VersionEdit } from './version-edit.ts'
import type { Version } from './version.ts'

/** The versions of one database, and the numbers of its files. */
export class VersionSet {
  /** What was read when the set was made. */
  readonly recovered: RecoveredManifest
  readonly #directory: Directory
  readonly #compactPointers: (Uint8Array | undefined)[]
  /** The current version, and older ones that are pinned. */
  readonly #pinned = new Set<Version>()
  #current: Version
  #logNumber: number
  #prevLogNumber: number
  #nextFileNumber: number
  #lastSequence: number
  #manifestNumber: number
  #writer: LogWriter | undefined
  #queue: Promise<void> = Promise.resolve()
  #failure: unknown
  #closed = false

  private constructor(directory: Directory, manifestNumber: number, state: ManifestState) {
    this.recovered = state.recovered
    this.#directory = directory
    this.#manifestNumber = manifestNumber
    this.#compactPointers = state.compactPointers
    this.#logNumber = state.logNumber
    this.#prevLogNumber = state.prevLogNumber
    this.#nextFileNumber = state.nextFileNumber
    this.#lastSequence = state.lastSequence
    this.#current = state.builder.build(this.#pinned)
    this.#current.pin()
    for (const number of [manifestNumber, this.#logNumber, this.#prevLogNumber]) this.markFileNumberUsed(number)
    for (const { number } of this.#current.files()) this.markFileNumberUsed(number)
  }

  /**
   * Makes a new, empty database. Until this is done, make no table and no log: without CURRENT they count as the
   * remains of a database that was lost.
   *
   * @throws LsmError `LSM_EXISTS` if there is a database, `LSM_CORRUPTION` if there are remains of one.
   */
  static async create(directory: Directory): Promise<VersionSet> {
    const entries = await directory.list()
    if (entries.some(({ name }) => name === CURRENT)) {
      throw new LsmError('LSM_EXISTS', `there is a database in ${directory.path}`, { file: CURRENT })
    }
    await refuseLeftovers(directory)
    const set = new VersionSet(directory, 0, {
      recovered: { manifest: '', edits: 0, bytes: 0, zeros: 0, begunHere: true, dropped: [] },
      builder: new VersionBuilder(emptyVersion()),
      logNumber: 0,
      prevLogNumber: 0,
      nextFileNumber: 1,
      lastSequence: 0,
      compactPointers: [],
    })
    await set.startManifest()
    return set
  }

  /**
   * Reads the database of a directory, and changes nothing in it. Changes need a {@link VersionSet.startManifest} first.
   *
   * @throws LsmError `LSM_NOT_FOUND` if there is none, `LSM_CORRUPTION`, or `LSM_NOT_SUPPORTED` for another order of keys.
   */
  static async recover(directory: Directory): Promise<VersionSet> {
    const manifest = await readCurrent(directory)
    return new VersionSet(directory, manifest.number, await readManifest(directory, manifest))
  }

  /** The version to read from now. Pin it to read from it later. */
  get current(): Version {
    return this.#current
  }

  /** Logs with smaller numbers are no longer needed, except the one of {@link VersionSet.prevLogNumber}. */
  get logNumber(): number {
    return this.#logNumber
  }

  /** An older log that is needed; 0 for none. */
  get prevLogNumber(): number {
    return this.#prevLogNumber
  }

  /** The number that {@link VersionSet.newFileNumber} gives out next. */
  get nextFileNumber(): number {
    return this.#nextFileNumber
  }

  /** The last sequence number that was given out; goes into the manifest with the next change. It only grows. */
  get lastSequence(): number {
    return this.#lastSequence
  }

  /** Takes a later one; throws a `TypeError` for an earlier one. */
  set lastSequence(sequence: number) {
    if (!(sequence >= this.#lastSequence)) throw new TypeError(`${sequence} comes before ${this.#lastSequence}`)
    this.#lastSequence = sequence
  }

  /** The number of the live manifest. */
  get manifestNumber(): number {
    return this.#manifestNumber
  }

  /** Bytes in the live manifest. */
  get manifestBytes(): number {
    return this.#writer?.size ?? this.recovered.bytes
  }

  /** Whether a write or sync of the manifest failed: it is not known which tables it names, so none may be removed. */
  get failed(): boolean {
    return this.#failure !== undefined
  }

  /** Where each level is to be compacted next: an internal key, or `undefined` for its beginning. */
  get compactPointers(): readonly (Uint8Array | undefined)[] {
    return this.#compactPointers
  }

  /** Gives out a file number. One that is never used leaves a harmless gap. */
  newFileNumber(): number {
    const number = this.#nextFileNumber
    if (number >= Number.MAX_SAFE_INTEGER) throw new LsmError('LSM_LIMIT', 'all file numbers have been given out')
    this.#nextFileNumber++
    return number
  }

  /** Makes sure that a number that is in use is not given out. */
  markFileNumberUsed(number: number): void {
    if (number >= this.#nextFileNumber) this.#nextFileNumber = Math.min(number + 1, Number.MAX_SAFE_INTEGER)
  }

  /** The numbers of the tables of the current version and of every older one that is pinned. */
  liveTables(): Set<number> {
    const numbers = new Set<number>()
    for (const version of this.#pinned) for (const { number } of version.files()) numbers.add(number)
    return numbers
  }

  /**
   * Begins a new manifest with the current version, changed by an edit if one is given, and makes it the live one.
   *
   * @throws LsmError as {@link VersionSet.apply}.
   */
  startManifest(edit: VersionEdit = new VersionEdit()): Promise<void> {
    return this.#enqueue(() => this.#startManifest(edit))
  }

  /**
   * Makes an edit durable, then installs the version that it leads to. Numbers that the edit leaves out are filled in.
   *
   * @throws LsmError `LSM_CORRUPTION` if the tables would not fit together (nothing is changed); the file's error if a
   *   write or sync fails, and `LSM_READ_ONLY` from then on, or if no manifest was started; `LSM_CLOSED`.
   */
  apply(edit: VersionEdit): Promise<void> {
    return this.#enqueue(() => this.#apply(edit))
  }

  /** Ends the changes under way and closes the manifest. Versions stay readable. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#queue
    await this.#writer?.close()
    this.#writer = undefined
  }

  async #apply(edit: VersionEdit): Promise<void> {
    const writer = this.#writer
    if (writer === undefined) throw new LsmError('LSM_READ_ONLY', 'no manifest has been started')
    const version = this.#next(edit)
    const record = edit.encode()
    await this.#poisoning(async () => {
      writer.append(record, 0, record.length)
      await writer.sync()
    })
    this.#install(version, edit)
  }

  async #startManifest(edit: VersionEdit): Promise<void> {
    const number = this.newFileNumber()
    const version = this.#next(edit)
    const pointers = this.#compactPointers.slice()
    for (const { level, key } of edit.compactPointers) pointers[level] = key
    const snapshot = Object.assign(snapshotEdit(version, pointers), numbersOf(edit))
    const writer = await this.#poisoning(() => beginManifest(this.#directory, number, snapshot))
    const old = this.#writer
    this.#writer = writer
    this.#manifestNumber = number
    this.#install(version, edit)
    // Nothing depends on the old manifest any more, so neither does it matter how closing it ends.
    await old?.close().catch(() => undefined)
  }

  /** The version that an edit leads to. Completes the numbers of the edit; what it uses will not be given out. */
  #next(edit: VersionEdit): Version {
    const builder = new VersionBuilder(this.#current)
    builder.apply(edit, { file: manifestFileName(this.#manifestNumber), offset: this.manifestBytes })
    const version = builder.build(this.#pinned)
    for (const { file } of edit.added) this.markFileNumberUsed(file.number)
    if (edit.logNumber !== undefined) this.markFileNumberUsed(edit.logNumber)
    edit.logNumber ??= this.#logNumber
    edit.prevLogNumber ??= this.#prevLogNumber
    edit.lastSequence ??= this.#lastSequence
    edit.nextFileNumber = this.#nextFileNumber
    return version
  }

  #install(version: Version, edit: VersionEdit): void {
    this.#logNumber = edit.logNumber ?? this.#logNumber
    this.#prevLogNumber = edit.prevLogNumber ?? this.#prevLogNumber
    this.#lastSequence = Math.max(this.#lastSequence, edit.lastSequence ?? 0)
    for (const { level, key } of edit.compactPointers) this.#compactPointers[level] = key
    const old = this.#current
    version.pin()
    this.#current = version
    old.unpin()
  }

  /** Runs changes one after the other. */
  #enqueue(change: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(() => {
      this.#check()
      return change()
    })
    this.#queue = done.catch(() => undefined)
    return done
  }

  #check(): void {
    if (this.#closed) throw new LsmError('LSM_CLOSED', 'the version set is closed')
    if (this.#failure === undefined) return
    const message = 'the manifest takes no more changes since a write or sync of it failed; reopen the database'
    throw new LsmError('LSM_READ_ONLY', message, { cause: this.#failure })
  }

  /** Does what must not fail: if it does, every later change is refused. */
  async #poisoning<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      this.#failure = error
      throw error
    }
  }
}

function numbersOf({ logNumber, prevLogNumber, nextFileNumber, lastSequence }: VersionEdit): Partial<VersionEdit> {
  return { logNumber, prevLogNumber, nextFileNumber, lastSequence }
}
