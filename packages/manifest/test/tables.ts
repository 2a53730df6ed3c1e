/** Tables and edits in short notation, for the tests. */
import { internalKey, TYPE_VALUE } from '@lsm/base'

import { VersionEdit, type FileMetadata } from '../src/version-edit.ts'
import type { Version } from '../src/version.ts'

/** A table from one user key to another. Sequence numbers default to the same for both. */
export function table(number: number, from: string, to: string, fromSequence = 9, toSequence = 9): FileMetadata {
  return { number, size: 100 + number, smallest: key(from, fromSequence), largest: key(to, toSequence) }
}

/** An internal key. */
export function key(userKey: string, sequence = 9): Uint8Array {
  return internalKey(user(userKey), sequence, TYPE_VALUE)
}

/** A user key. */
export function user(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** An edit that adds tables to a level, and removes tables, by number, from any. */
export function edit(
  level: number,
  added: readonly FileMetadata[],
  removed: readonly [number, number][] = [],
): VersionEdit {
  const result = new VersionEdit()
  for (const file of added) result.added.push({ level, file })
  for (const [from, number] of removed) result.removed.push({ level: from, number })
  return result
}

/** The numbers of the tables of each level. */
export function numbers(version: Version): number[][] {
  return version.levels.map(files => files.map(({ number }) => number))
}

/** The numbers of the tables of levels that have any: `0:5,4 2:1`. */
export function shape(version: Version): string {
  const levels = numbers(version).map((files, level) => (files.length === 0 ? '' : `${level}:${files.join()}`))
  return levels.filter(text => text !== '').join(' ')
}
