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
    const files = merge(kept, [...added.values()].sort(order), order)
    if (level > 0) this.#checkOrder(level, files)
    return files
  }

  /** Checks a level above 0. Tables that were neighbours of each other before need no second look. */
  #checkOrder(level: number, files: readonly FileMetadata[]): void {
    const { added } = this.#changes[level]
    for (let i = 1; i < files.length; i++) {
      const before = files[i - 1]
      const file = files[i]
      if (!added.has(before.number) && !added.has(file.number)) continue
      if (compareKeys(before.largest, file.smallest) < 0) continue
      throw this.#error(`tables ${before.number} and ${file.number} of level ${level} overlap`)
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

/** Merges two lists that are in order. */
function merge(left: readonly FileMetadata[], right: readonly FileMetadata[], order: Order): FileMetadata[] {
  const merged: FileMetadata[] = []
  let at = 0
  for (const file of right) {
    while (at < left.length && order(left[at], file) <= 0) merged.push(left[at++])
    merged.push(file)
  }
  while (at < left.length) merged.push(left[at++])
  return merged
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
