/**
 * Which tables, or which blocks of a table, can be skipped: what a filter must offer.
 *
 * While a table is built, a filter is told the hash of every user key and the place of every data block. Stored
 * beside the blocks, it answers for a key "certainly not here" or "perhaps". Two kinds share this contract:
 * LevelDB's, with one small filter for each 2 KiB of file, and ours, with one for the whole table.
 *
 * 1. A key that was added is never denied.
 * 2. A filter block is a hint from an untrusted file: one that makes no sense is ignored, never an error, and
 *    costs no more memory than its bytes.
 *
 * Does not know keys, tables, or how a filter block is stored and checked.
 */
import type { ModuleReference } from '@lsm/base'

/** A kind of filter. Hashes are base's `hashKey` of user keys. */
export interface FilterPolicy {
  /** Its key in the table's metaindex; never changes, since another name means "not my filter". */
  readonly metaName: string
  /** Starts the filter of a new table. */
  builder(): FilterBuilder
  /**
   * A reader over a filter block's contents, which it keeps a reference to.
   *
   * @returns `undefined` where the contents make no sense; the table is then read without a filter.
   */
  reader(contents: Uint8Array): FilterReader | undefined
  /** Makes the same policy in another thread; without it, whatever uses the policy stays in this one. */
  readonly module?: ModuleReference | undefined
}

/** Collects the keys of one table, in file order. */
export interface FilterBuilder {
  /** The bytes that {@link FilterBuilder.finish | finish} would return now, about. */
  readonly size: number
  /** The next data block starts at this file offset; called before the keys of that block. */
  startBlock(offset: number): void
  /** Adds a key, by its hash. */
  addKey(hash: number): void
  /** The filter block's contents; `dataEnd` is the file offset where the last data block ended. The builder is spent. */
  finish(dataEnd: number): Uint8Array
}

/** Answers for one table. */
export interface FilterReader {
  /** Whether it answers without a block offset, that is: before the index is searched. */
  readonly wholeTable: boolean
  /**
   * Whether the table may hold a key with this hash.
   *
   * @param blockOffset - file offset of the data block the key would be in; ignored by whole-table filters.
   */
  mayContain(hash: number, blockOffset: number): boolean
}
