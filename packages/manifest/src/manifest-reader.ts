/**
 * Reads a manifest: the version and the numbers that its edits lead to.
 *
 * 1. A last record that was torn by a crash is as if it had never been written, and is reported. Each record was synced
 *    before the next one, so damage with a record behind it is no trace of a crash: refused. What the disk shows there of an
 *    older manifest, or of another file, is none: an edit of this one knows that the manifest's own number is taken.
 * 2. Somewhere in the records log number, next file number and last sequence number must occur.
 * 3. A database under another order of keys is refused, since binary searches in it would miss silently.
 *
 * Changes nothing.
 */
import { COMPARATOR_NAME, corruption, LsmError, type Directory, type ReadableFile } from '@lsm/base'
import { readLog, type LogDamage, type LogEnd } from '@lsm/wal'

import type { ManifestName } from './current.ts'
import { VersionBuilder } from './version-builder.ts'
import { LEVELS, VersionEdit } from './version-edit.ts'
import { Version } from './version.ts'

/** What was read. */
export interface RecoveredManifest {
  /** The manifest's name. */
  readonly manifest: string
  /** Records in it. */
  readonly edits: number
  /** Bytes in it. */
  readonly bytes: number
  /** How many of its last bytes are zeros, allocated and never written. */
  readonly zeros: number
  /**
   * Whether it was begun by this engine: its first record has the order of keys and all four numbers, that of a previous
   * log among them. LevelDB and its likes write some of them there, or leave them to later records.
   */
  readonly begunHere: boolean
  /** A last record that a crash tore; empty if there was none. */
  readonly dropped: readonly LogDamage[]
}

/** What the edits of a manifest lead to. */
export interface ManifestState {
  readonly recovered: RecoveredManifest
  readonly builder: VersionBuilder
  readonly logNumber: number
  readonly prevLogNumber: number
  readonly nextFileNumber: number
  readonly lastSequence: number
  readonly compactPointers: (Uint8Array | undefined)[]
}

/** A version without tables. */
export function emptyVersion(): Version {
  return new Version(Array.from({ length: LEVELS }, () => []))
}

/**
 * Reads a manifest.
 *
 * @throws LsmError `LSM_CORRUPTION`, or `LSM_NOT_SUPPORTED` for another order of keys.
 */
export async function readManifest(directory: Directory, { name, number }: ManifestName): Promise<ManifestState> {
  const file = await openManifest(directory, name)
  try {
    const reader = new ManifestReader(name, number)
    return reader.finish(await readLog(file, reader))
  } finally {
    await file.close()
  }
}

async function openManifest(directory: Directory, name: string): Promise<ReadableFile> {
  try {
    return await directory.openFile(name)
  } catch (error) {
    if (!(error instanceof LsmError) || error.code !== 'LSM_NOT_FOUND') throw error
    throw corruption('the manifest that CURRENT names is missing; restore it, or repair the database', name, 0, error)
  }
}

/** Gathers the edits of one manifest. */
class ManifestReader {
  readonly #name: string
  readonly #number: number
  readonly #builder = new VersionBuilder(emptyVersion())
  readonly #compactPointers: (Uint8Array | undefined)[] = Array.from({ length: LEVELS })
  readonly #dropped: LogDamage[] = []
  /** The scalars of all edits, the last of each. */
  readonly #scalars = new VersionEdit()
  #edits = 0
  /** Whether the first record is one of ours; `undefined` before it. */
  #begunHere: boolean | undefined

  constructor(name: string, number: number) {
    this.#name = name
    this.#number = number
  }

  record(bytes: Uint8Array, start: number, end: number, offset: number): boolean {
    const edit = VersionEdit.decode(bytes, start, end, this.#name, offset)
    if (this.#begunHere === true && this.#isStale(edit)) {
      const reason = 'the record is one of an earlier manifest'
      this.#dropped.push({ file: this.#name, offset, bytes: end - start, reason, tail: true })
      return false
    }
    this.#edits++
    const { comparator } = edit
    if (comparator !== undefined && comparator !== COMPARATOR_NAME) {
      const message = `the keys are in the order ${JSON.stringify(comparator)}; only ${COMPARATOR_NAME} can be read`
      throw new LsmError('LSM_NOT_SUPPORTED', message, { file: this.#name, offset })
    }
    this.#begunHere ??= isOurs(edit)
    this.#builder.apply(edit, { file: this.#name, offset })
    for (const { level, key } of edit.compactPointers) this.#compactPointers[level] = key
    const scalars = this.#scalars
    scalars.logNumber = edit.logNumber ?? scalars.logNumber
    scalars.prevLogNumber = edit.prevLogNumber ?? scalars.prevLogNumber
    scalars.nextFileNumber = edit.nextFileNumber ?? scalars.nextFileNumber
    scalars.lastSequence = edit.lastSequence ?? scalars.lastSequence
    return true
  }

  dropped(damage: LogDamage): void {
    if (!damage.tail) throw corruption(`${damage.reason}, and records follow`, this.#name, damage.offset)
    this.#dropped.push(damage)
  }

  mayBelong(bytes: Uint8Array, start: number, end: number): boolean {
    try {
      return !this.#isStale(VersionEdit.decode(bytes, start, end, this.#name, 0))
    } catch {
      return false
    }
  }

  /**
   * Whether the disk shows what an earlier manifest once had there, where nothing was synced: this one's number was not given
   * out yet.
   */
  #isStale({ nextFileNumber }: VersionEdit): boolean {
    return nextFileNumber !== undefined && nextFileNumber <= this.#number
  }

  finish({ bytes, zeros }: LogEnd): ManifestState {
    const { logNumber, prevLogNumber = 0, nextFileNumber, lastSequence } = this.#scalars
    return {
      recovered: {
        manifest: this.#name,
        edits: this.#edits,
        bytes,
        zeros,
        begunHere: this.#begunHere === true,
        dropped: this.#dropped,
      },
      builder: this.#builder,
      logNumber: logNumber ?? this.#missing('log number'),
      prevLogNumber,
      nextFileNumber: nextFileNumber ?? this.#missing('next file number'),
      lastSequence: lastSequence ?? this.#missing('last sequence number'),
      compactPointers: this.#compactPointers,
    }
  }

  #missing(what: string): never {
    throw corruption(`no record has a ${what}`, this.#name, this.#dropped[0]?.offset ?? 0)
  }
}

/** Whether a first record is as `beginManifest` is given it. */
function isOurs({ comparator, logNumber, prevLogNumber, nextFileNumber, lastSequence }: VersionEdit): boolean {
  const all = [comparator, logNumber, prevLogNumber, nextFileNumber, lastSequence]
  return all.every(field => field !== undefined)
}
