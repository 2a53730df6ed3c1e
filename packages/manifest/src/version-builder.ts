/**
 * Makes the version that edits lead to.
 *
 * Edits are gathered, sorted once and merged with the version before, so that a manifest of any length is read in
 * linear time, and one edit of a large version costs little more than a copy of the levels that it touches.
 *
 * 1. A table is in one level, once. Its smallest key is not after its largest.
 * 2. Above level 0 tables do not overlap: a binary search over tables that do would miss silently.
 * 3. Removing a table that is not there is harmless.
 */
import { compareInternalKeys, corruption } from '@lsm/base'

import type { FileMetadata, VersionEdit } from './version-edit.ts'
import { Version } from './version.ts'

/** Where an edit comes from, for messages. */
export interface EditPlace {
  /** The manifest's name. */
  readonly file: string
  /** Where the record begins in it. */
  readonly offset: number
}

/** What edits do to one level. */
interface LevelChange {
  /** Tables of the version before that are left out, by number. */
  readonly removed: Set<number>
  /** Tables that come in. */
  readonly added: Map<number, FileMetadata>
}

/** Gathers edits on top of a version. */
export class VersionBuilder {
  readonly #base: Version
  readonly #changes: LevelChange[]
  #place: EditPlace = { file: '', offset: 0 }

  constructor(base: Version) {
    this.#base = base
    this.#changes = base.levels.map(() => ({ removed: new Set(), added: new Map() }))
  }

  /**
   * Applies an edit: what it removes, then what it adds.
   *
   * @throws LsmError `LSM_CORRUPTION` if it adds what an edit before has added.
   */
  apply(edit: VersionEdit, place: EditPlace): void {
    this.#place = place
    for (const { level, number } of edit.removed) {
      const { removed, added } = this.#changes[level]
      added.delete(number)
      removed.add(number)
    }
    for (const { level, file } of edit.added) this.#add(level, file)
  }

  /**
   * The version that the edits lead to.
   *
   * @param pinned - see {@link Version}.
   * @throws LsmError `LSM_CORRUPTION` if its tables do not fit together.
   */
  build(pinned: Set<Version>): Version {
    const levels = this.#base.levels.map((_, level) => this.#level(level))
    this.#checkNumbers(levels)
    return new Version(levels, pinned)
  }

  #add(level: number, file: FileMetadata): void {
    const { added } = this.#changes[level]
    if (compareKeys(file.smallest, file.largest) > 0) throw this.#error(`table ${file.number} ends before it begins`)
    if (added.has(file.number)) throw this.#error(`table ${file.number} is added to level ${level} twice`)
    added.set(file.number, file)
  }

  #level(level: number): readonly FileMetadata[] {
    const { removed, added } = this.#changes[level]
    const old = this.#base.levels[level]
    if (removed.size === 0 && added.size === 0) return old
    const kept = removed.size === 0 ? old : old.filter(({ number }) => !removed.has(number))
    const order = level === 0 ? newestFirst : smallestFirst
    const { files, inserted } = merge(kept, [...added.values()].sort(order), order)
    if (level > 0) for (const at of inserted) this.#checkPlace(level, files, at)
    return files
  }

  /** Checks a table of a level above 0 against its neighbours. Two that were neighbours before need no second look. */
  #checkPlace(level: number, files: readonly FileMetadata[], at: number): void {
    for (let i = Math.max(at, 1); i <= at + 1 && i < files.length; i++) {
      if (compareKeys(files[i - 1].largest, files[i].smallest) < 0) continue
      throw this.#error(`tables ${files[i - 1].number} and ${files[i].number} of level ${level} overlap`)
    }
  }

  /** Checks that what was added is there once. */
  #checkNumbers(levels: readonly (readonly FileMetadata[])[]): void {
    const added = new Set(this.#changes.flatMap(change => [...change.added.keys()]))
    const seen = new Set<number>()
    for (const files of levels) {
      for (const { number } of files) {
        if (!added.has(number)) continue
        if (seen.has(number)) throw this.#error(`table ${number} is there twice`)
        seen.add(number)
      }
    }
  }

  #error(message: string): Error {
    return corruption(message, this.#place.file, this.#place.offset)
  }
}

type Order = (a: FileMetadata, b: FileMetadata) => number

/** Merges a few tables into many, both in order. `inserted` says where the few came to lie. */
function merge(
  many: readonly FileMetadata[],
  few: readonly FileMetadata[],
  order: Order,
): { files: FileMetadata[]; inserted: number[] } {
  const files: FileMetadata[] = []
  const inserted: number[] = []
  let from = 0
  for (const file of few) {
    for (const to = placeOf(file, many, from, order); from < to; from++) files.push(many[from])
    inserted.push(files.length)
    files.push(file)
  }
  for (; from < many.length; from++) files.push(many[from])
  return { files, inserted }
}

/** The index, from `low` on, of the first table that does not come before `file`. */
function placeOf(file: FileMetadata, files: readonly FileMetadata[], low: number, order: Order): number {
  let high = files.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (order(files[middle], file) < 0) low = middle + 1
    else high = middle
  }
  return low
}

function newestFirst(a: FileMetadata, b: FileMetadata): number {
  return b.number - a.number
}

function smallestFirst(a: FileMetadata, b: FileMetadata): number {
  return compareKeys(a.smallest, b.smallest)
}

function compareKeys(a: Uint8Array, b: Uint8Array): number {
  return compareInternalKeys(a, 0, a.length, b, 0, b.length)
}
