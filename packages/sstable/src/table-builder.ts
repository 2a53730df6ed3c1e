/**
 * Writes a table, from its first entry to its footer.
 *
 *     entries -> data block | data block | ... | filters | properties | metaindex | index | footer
 *
 * A data block is closed after the entry that brings it to the block size. Its index entry has to wait for the first
 * key of the next block: the key stored is the shortest that separates the two.
 *
 * 1. Internal keys ascend strictly; the builder refuses anything else, for no reader would find it.
 * 2. A separator is used only if it is shorter than the user key it stands for, and then carries the greatest tag, so
 *    that it comes before every version of the user key it spells.
 * 3. Filters and properties are stored uncompressed. Names in the metaindex ascend.
 * 4. It appends, and neither syncs nor closes. A file whose builder threw, or was left, is no table.
 *
 * Does not know which entries are still wanted, or when a table is large enough.
 */
import {
  ByteBuffer,
  compareBytes,
  compareInternalKeys,
  EMPTY,
  hashKey,
  MAX_SEQUENCE,
  shortSeparator,
  shortSuccessor,
  TAG_SIZE,
  tagSequence,
  tagType,
  TYPE_DELETION,
  type WritableFile,
} from '@lsm/base'

import { BlockBuilder } from './block-builder.ts'
import { BlockWriter } from './block-writer.ts'
import type { Codec } from './codec.ts'
import type { FilterBuilder, FilterPolicy } from './filter-policy.ts'
import { encodeProperties, PROPERTIES_NAME, type TableProperties } from './properties.ts'
import { encodeFooter, LARGEST_HANDLE, putHandle, type BlockHandle } from './table-format.ts'

/** How a table is written. */
export interface TableBuilderOptions {
  /** Bytes of a block, before compression, at which it is closed. */
  readonly blockSize: number
  /** Entries from one restart point to the next. */
  readonly blockRestartInterval: number
  /** What blocks are compressed with; `undefined` to store them as they are. */
  readonly codec: Codec | undefined
  /** The filters to add. */
  readonly filters: readonly FilterPolicy[]
  /** Name of the writing program, for the table's properties. */
  readonly creator: string
  /** Milliseconds since 1970, for the table's properties. */
  readonly createdAt: number
}

/** What was written. */
export interface TableSummary {
  /** Bytes of the table, footer included: what it must be opened with. */
  readonly size: number
  /** The first internal key; empty if there was none. */
  readonly smallest: Uint8Array
  /** The last internal key; empty if there was none. */
  readonly largest: Uint8Array
  /** What was noted in the table itself. */
  readonly properties: TableProperties
}

/** `ff ff ff ff ff ff ff` as sequence number, and the type of a value. */
const GREATEST_TAG = Uint8Array.of(0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)

/** Builds one table. */
export class TableBuilder {
  /** Entries added so far. */
  entries = 0
  readonly #options: TableBuilderOptions
  readonly #writer: BlockWriter
  readonly #block: BlockBuilder
  readonly #index = new BlockBuilder(1)
  readonly #filters: readonly FilterBuilder[]
  /** The last block that was written, whose index entry waits for the next key. */
  #waiting: BlockHandle | undefined
  #smallest: Uint8Array = EMPTY
  #deletions = 0
  #rawKeySize = 0
  #rawValueSize = 0
  #smallestSequence = Number.POSITIVE_INFINITY
  #largestSequence = 0
  #finished = false

  /** @param file - a new, empty file. */
  constructor(file: WritableFile, options: TableBuilderOptions) {
    this.#options = options
    this.#writer = new BlockWriter(file, options.codec)
    this.#block = new BlockBuilder(options.blockRestartInterval)
    this.#filters = options.filters.map(policy => policy.builder())
  }

  /** Bytes of the file so far; the block that is still open does not count. */
  get size(): number {
    return this.#writer.size
  }

  /**
   * Adds an entry.
   *
   * @throws TypeError for an internal key that does not come after the last one.
   */
  add(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    this.addShared(0, key, keyStart, keyEnd, value, valueStart, valueEnd)
  }

  /**
   * Adds an entry whose key is known to share at least its first `known` bytes with the last one, which spares their comparison.
   *
   * @throws TypeError for an internal key that does not come after the last one.
   */
  addShared(
    known: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    const block = this.#block
    const shared = this.#sharedWithLast(known, key, keyStart, keyEnd)
    if (block.entries === 0) this.#begin(key, keyStart, keyEnd)
    block.addShared(shared, key, keyStart, keyEnd, value, valueStart, valueEnd)
    this.#count(key, keyStart, keyEnd, valueEnd - valueStart)
    if (this.#filters.length > 0) this.#filter(hashKey(key, keyStart, keyEnd - TAG_SIZE))
    if (block.size >= this.#options.blockSize) this.#end()
  }

  /** Writes what comes behind the data, and hands everything to the file. The builder is spent. */
  finish(): TableSummary {
    if (this.#finished) throw new TypeError('the table is finished')
    this.#finished = true
    if (this.#block.entries > 0) this.#end()
    const { lastKey } = this.#block
    const largest = lastKey.bytes.slice(0, lastKey.length)
    if (this.#waiting !== undefined) this.#addSeparator(this.#waiting, undefined, 0, 0)
    const dataSize = this.size
    const metaBlocks = this.#writeFilters(dataSize)
    const properties = this.#properties(dataSize, this.size - dataSize)
    metaBlocks.set(PROPERTIES_NAME, this.#writer.writeRaw(encodeProperties(properties)))
    const metaindex = this.#writeMetaindex(metaBlocks)
    const index = this.#writer.write(this.#index.finish())
    this.#writer.finish(encodeFooter({ metaindex, index }))
    return { size: this.size, smallest: this.#smallest, largest, properties }
  }

  /** How many bytes the key shares with the last one, which it must come after. */
  #sharedWithLast(known: number, key: Uint8Array, start: number, end: number): number {
    if (this.#finished) throw new TypeError('the table is finished')
    const length = end - start
    if (length < TAG_SIZE) throw new TypeError(`an internal key of ${length} bytes`)
    if (this.entries === 0) return 0
    const { bytes: last, length: lastLength } = this.#block.lastKey
    const limit = length < lastLength ? length : lastLength
    let shared = known
    while (shared < limit && last[shared] === key[start + shared]) shared++
    const ascends =
      shared < limit - TAG_SIZE
        ? last[shared] < key[start + shared]
        : compareInternalKeys(last, 0, lastLength, key, start, end) < 0
    if (!ascends) throw new TypeError('internal keys must be added in strictly ascending order')
    return shared
  }

  /** Before the first entry of a block. */
  #begin(key: Uint8Array, start: number, end: number): void {
    if (this.entries === 0) this.#smallest = key.slice(start, end)
    if (this.#waiting !== undefined) this.#addSeparator(this.#waiting, key, start, end)
    this.#waiting = undefined
    for (const filter of this.#filters) filter.startBlock(this.size)
  }

  /** After the last entry of a block. */
  #end(): void {
    this.#waiting = this.#writer.write(this.#block.finish())
    this.#block.clear()
  }

  #count(key: Uint8Array, start: number, end: number, valueLength: number): void {
    this.entries++
    this.#rawKeySize += end - start
    this.#rawValueSize += valueLength
    if (tagType(key, end) === TYPE_DELETION) this.#deletions++
    // A foreign table may have greater ones; they are written on as they are.
    const sequence = Math.min(tagSequence(key, end), MAX_SEQUENCE)
    if (sequence < this.#smallestSequence) this.#smallestSequence = sequence
    if (sequence > this.#largestSequence) this.#largestSequence = sequence
  }

  #filter(hash: number): void {
    for (const filter of this.#filters) filter.addKey(hash)
  }

  /** Adds the index entry of a block, given the first key of the next one, if there is one. */
  #addSeparator(handle: BlockHandle, next: Uint8Array | undefined, start: number, end: number): void {
    const { bytes: last, length } = this.#block.lastKey
    const userEnd = length - TAG_SIZE
    const short =
      next === undefined
        ? shortSuccessor(last, 0, userEnd)
        : shortSeparator(last, 0, userEnd, next, start, end - TAG_SIZE)
    const value = new Uint8Array(LARGEST_HANDLE)
    const valueEnd = putHandle(value, 0, handle)
    if (short === undefined) {
      this.#index.add(last, 0, length, value, 0, valueEnd)
    } else {
      const separator = new Uint8Array(short.length + TAG_SIZE)
      separator.set(short)
      separator.set(GREATEST_TAG, short.length)
      this.#index.add(separator, 0, separator.length, value, 0, valueEnd)
    }
  }

  #writeFilters(dataEnd: number): Map<string, BlockHandle> {
    const handles = new Map<string, BlockHandle>()
    for (const [i, filter] of this.#filters.entries()) {
      handles.set(this.#options.filters[i].metaName, this.#writer.writeRaw(filter.finish(dataEnd)))
    }
    return handles
  }

  #properties(dataSize: number, filterSize: number): TableProperties {
    return {
      entries: this.entries,
      deletions: this.#deletions,
      rawKeySize: this.#rawKeySize,
      rawValueSize: this.#rawValueSize,
      dataSize,
      indexSize: this.#index.size,
      filterSize,
      smallestSequence: this.entries === 0 ? 0 : this.#smallestSequence,
      largestSequence: this.#largestSequence,
      createdAt: this.#options.createdAt,
      codec: this.#options.codec?.name ?? '',
      creator: this.#options.creator,
    }
  }

  #writeMetaindex(metaBlocks: ReadonlyMap<string, BlockHandle>): BlockHandle {
    const block = new BlockBuilder(this.#options.blockRestartInterval)
    const encoder = new TextEncoder()
    const entries = [...metaBlocks].map(([name, handle]) => ({ key: encoder.encode(name), handle }))
    entries.sort((a, b) => compareBytes(a.key, 0, a.key.length, b.key, 0, b.key.length))
    const value = new ByteBuffer(LARGEST_HANDLE)
    for (const { key, handle } of entries) {
      value.length = putHandle(value.bytes, 0, handle)
      block.add(key, 0, key.length, value.bytes, 0, value.length)
    }
    return this.#writer.write(block.finish())
  }
}
