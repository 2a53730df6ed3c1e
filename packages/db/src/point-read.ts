/**
 * What is the value of one key?
 *
 * Asks newest to oldest and stops at the first source that knows the key:
 *
 *     memtables, newest first → level 0, newest table first → levels 1 to 6, one table each
 *
 * It is right because whatever is newer has greater sequence numbers. Synchronous: a table or block that is not
 * resident is noted in the context, and the same call made again finishes the read.
 */
import {
  ABSENT,
  compareBytes,
  MISS,
  TAG_SIZE,
  type FoundValue,
  type Lookup,
  type LookupKey,
  type ReadContext,
} from '@lsm/base'
import type { FileMetadata } from '@lsm/manifest'
import type { TableCache, TableReader } from '@lsm/sstable'

import type { ReadState } from './read-state.ts'

/** Looks a key up in everything that a read state holds. */
export function pointRead(
  key: LookupKey,
  state: ReadState,
  tables: TableCache,
  found: FoundValue,
  context: ReadContext,
): Lookup {
  const { version } = state
  const known = findInMemtables(key, state, found)
  if (known !== ABSENT) return known
  const { levels } = version
  for (let i = 0; i < levels[0].length; i++) {
    const lookup = readTable(key, levels[0][i], tables, found, context)
    if (lookup !== ABSENT) return lookup
  }
  for (let level = 1; level < levels.length; level++) {
    const files = levels[level]
    if (files.length === 0) continue
    const at = version.findFile(level, key.bytes, 0, key.end)
    if (at >= files.length) continue
    const lookup = readTable(key, files[at], tables, found, context)
    if (lookup !== ABSENT) return lookup
  }
  return ABSENT
}

/** Looks a key up in the memtables of a read state. */
export function findInMemtables(key: LookupKey, { memtables }: ReadState, found: FoundValue): Lookup {
  for (let i = 0; i < memtables.length; i++) {
    const lookup = memtables[i].find(key, found)
    if (lookup !== ABSENT) return lookup
  }
  return ABSENT
}

/**
 * The first table whose filter admits a key; `undefined` if there is none, or one before it is not open or has no filter for the whole
 * table: then only {@link pointRead} knows.
 */
export function firstTable(key: LookupKey, { version }: ReadState, tables: TableCache): TableReader | undefined {
  const { levels } = version
  for (let level = 0; level < levels.length; level++) {
    const files = levels[level]
    const first = level === 0 ? 0 : version.findFile(level, key.bytes, 0, key.end)
    const until = level === 0 ? files.length : Math.min(files.length, first + 1)
    for (let i = first; i < until; i++) {
      const table = tables.opened(files[i].number)
      const admits = table?.admits(key.hash)
      if (admits !== false) return admits === true ? table : undefined
    }
  }
  return undefined
}

function readTable(
  key: LookupKey,
  file: FileMetadata,
  tables: TableCache,
  found: FoundValue,
  context: ReadContext,
): Lookup {
  const open = tables.opened(file.number)
  // A filter denies a key outside of the table's range, and in less time than it takes to compare it with the bounds.
  if (open?.isFiltered === true) return open.find(key, found, context)
  if (!covers(file, key)) return ABSENT
  const table = open ?? tables.table(file.number, file.size, context)
  return table === undefined ? MISS : table.find(key, found, context)
}

/** Whether a table's range of user keys holds this one. */
function covers({ smallest, largest }: FileMetadata, { bytes, userEnd }: LookupKey): boolean {
  return (
    compareBytes(bytes, 0, userEnd, smallest, 0, smallest.length - TAG_SIZE) >= 0 &&
    compareBytes(bytes, 0, userEnd, largest, 0, largest.length - TAG_SIZE) <= 0
  )
}
