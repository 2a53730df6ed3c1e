/**
 * Recent writes, sorted in memory: all versions of all keys that were added, in one shared buffer.
 *
 *     SharedArrayBuffer = filter | arena (root, entries →  ← tree nodes)
 *
 * 1. One thread writes. Readers in that thread see every entry whose `add` returned.
 * 2. Other threads read only after {@link MemTable.freeze}: a frozen table is handed over by {@link MemTable.share}, without a copy,
 *    and from then on nothing in the buffer changes for anyone.
 * 3. An entry that was refused left no trace.
 * 4. Bytes shown by `find` and by iterators stay as they are until {@link MemTable.reset}, which is for whoever knows that
 *    nobody looks any more.
 *
 * Does not know batches, logs, or which versions may be forgotten.
 */
import {
  ABSENT,
  DELETED,
  FOUND,
  hashKey,
  LsmError,
  putTag,
  TAG_SIZE,
  tagSequence,
  TYPE_DELETION,
  type FoundValue,
  type InternalIterator,
  type Lookup,
  type LookupKey,
} from '@lsm/base'

import { Arena, MAX_CAPACITY, ROOT_WORDS } from './arena.ts'
import { BlockedBloom, filterSize } from './blocked-bloom.ts'
import { copyBytes, ENTRY_OVERHEAD, KEY_LENGTH, keyStart, MOST_PADDING, OLDER, VALUE_LENGTH } from './entry.ts'
import { MemTableIterator } from './memtable-iterator.ts'
import { LARGEST_NODE } from './radix-node.ts'
import { NODE_BYTES_PER_KEY, RadixTree } from './radix-tree.ts'

const LEAST_CAPACITY = 4096

/** A frozen table as plain data, to be posted to another thread; the buffer is shared, not copied. */
export interface SharedMemTable {
  /** The memory that holds everything. */
  readonly buffer: SharedArrayBuffer
  /** Bytes of it. */
  readonly capacity: number
  /** Entries in it, deletions included. */
  readonly entries: number
  /** Deletions among them. */
  readonly deletions: number
  /** Bytes in use. */
  readonly memoryUsage: number
}

/** See the head of this file. */
export class MemTable {
  /** Bytes that entries and tree may take. */
  readonly capacity: number
  readonly #buffer: SharedArrayBuffer
  readonly #arena: Arena
  readonly #tree: RadixTree
  readonly #filter: BlockedBloom
  #entries = 0
  #deletions = 0
  #memoryUsage = ROOT_WORDS * 4
  #frozen = false

  private constructor(buffer: SharedArrayBuffer, capacity: number) {
    const offset = filterSize(capacity)
    this.capacity = capacity
    this.#buffer = buffer
    this.#filter = new BlockedBloom(buffer, 0, offset)
    this.#arena = new Arena(buffer, offset, capacity)
    this.#tree = new RadixTree(this.#arena)
  }

  /**
   * Makes an empty table.
   *
   * @param capacity - bytes that entries and tree may take, at most 2 GiB; rounded up to a multiple of 64, and to 4 KiB.
   * @throws LsmError `LSM_LIMIT` if it is too large, or the system has not that much memory.
   */
  static create(capacity: number): MemTable {
    if (!Number.isSafeInteger(capacity) || capacity < 0) throw new TypeError('capacity must be a whole number of bytes')
    if (capacity > MAX_CAPACITY)
      throw new LsmError('LSM_LIMIT', `a memtable holds at most 2 GiB, not ${capacity} bytes`)
    const rounded = Math.max(LEAST_CAPACITY, Math.ceil(capacity / 64) * 64)
    const table = new MemTable(allocate(filterSize(rounded) + rounded), rounded)
    table.#tree.clear()
    return table
  }

  /** Opens a frozen table of another thread, for reading. */
  static fromShared(shared: SharedMemTable): MemTable {
    const table = new MemTable(shared.buffer, shared.capacity)
    table.#entries = shared.entries
    table.#deletions = shared.deletions
    table.#memoryUsage = shared.memoryUsage
    table.#frozen = true
    return table
  }

  /** The capacity with which an empty table surely holds `count` entries whose user keys and values have `bytes` bytes in all. */
  static capacityFor(bytes: number, count: number): number {
    return ROOT_WORDS * 4 + entryBytes(bytes, count) + NODE_BYTES_PER_KEY * count
  }

  /** Entries: all versions, deletions included. */
  get entries(): number {
    return this.#entries
  }

  /** Entries that are deletions. */
  get deletions(): number {
    return this.#deletions
  }

  /** Bytes of the capacity that entries and tree have taken; decides when to flush. */
  get memoryUsage(): number {
    return this.#frozen ? this.#memoryUsage : this.capacity - this.#arena.free
  }

  /** Whether nothing can be added any more. */
  get frozen(): boolean {
    return this.#frozen
  }

  /** Ends adding, for good. */
  freeze(): void {
    this.#memoryUsage = this.memoryUsage
    this.#frozen = true
  }

  /**
   * Makes it an empty table that takes entries again, in the same memory: a new table of 16 MiB costs some 10 ms of page
   * faults, and its memory is given back only when every thread that saw it has collected its garbage.
   * Bytes, iterators and shared data of before are void.
   */
  reset(): void {
    this.#arena.reset()
    this.#tree.clear()
    this.#filter.clear()
    this.#entries = 0
    this.#deletions = 0
    this.#frozen = false
  }

  /**
   * The table as plain data for another thread, which opens it with {@link MemTable.fromShared}.
   *
   * @throws LsmError `LSM_NOT_SUPPORTED` before {@link MemTable.freeze}.
   */
  share(): SharedMemTable {
    if (!this.#frozen) throw new LsmError('LSM_NOT_SUPPORTED', 'a memtable must be frozen before it is shared')
    const { capacity, entries, deletions, memoryUsage } = this
    return { buffer: this.#buffer, capacity, entries, deletions, memoryUsage }
  }

  /**
   * Whether `count` more entries whose user keys and values have `bytes` bytes in all surely fit. It errs to the safe
   * side, by less than {@link NODE_BYTES_PER_KEY} bytes per key that the table has or would get.
   *
   * The proof: an entry takes its bytes, a fixed overhead and at most 3 bytes of padding. Nodes take at most so many bytes
   * per key in all (see `radix-tree`), and also at most one node of the largest kind per entry more than they have now.
   */
  fits(bytes: number, count: number): boolean {
    const { nodeBytes, free } = this.#arena
    const ever = NODE_BYTES_PER_KEY * (this.#tree.keys + count) - nodeBytes
    return entryBytes(bytes, count) + Math.min(ever, LARGEST_NODE * count) <= free && !this.#frozen
  }

  /**
   * Adds a version of a key. Sequence numbers of one key must ascend. Key and value lie in one array and are copied; a
   * deletion's value is empty.
   *
   * @throws LsmError `LSM_LIMIT` if it does not fit, which {@link MemTable.fits} says before; `LSM_READ_ONLY` if the table is frozen.
   */
  add(
    sequence: number,
    type: number,
    bytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    if (this.#frozen) throw new LsmError('LSM_READ_ONLY', 'the memtable is frozen')
    const entry = this.#arena.reserve(ENTRY_OVERHEAD + (keyEnd - keyStart) + (valueEnd - valueStart))
    const tag = this.#writeKey(entry, bytes, keyStart, keyEnd)
    const arena = this.#arena
    putTag(arena.bytes, tag, sequence, type)
    arena.words[entry + VALUE_LENGTH] = valueEnd - valueStart
    copyBytes(arena.bytes, tag + TAG_SIZE, bytes, valueStart, valueEnd)
    this.#tree.insert(entry)
    arena.commit()
    this.#filter.add(hashKey(bytes, keyStart, keyEnd))
    this.#entries++
    if (type === TYPE_DELETION) this.#deletions++
  }

  /**
   * What the table says of a key as of a sequence number: its newest version at or before it. If that is a value,
   * `found` shows it in place. Allocates nothing.
   */
  find(key: LookupKey, found: FoundValue): Lookup {
    if (!this.#filter.mayContain(key.hash)) return ABSENT
    const { words, bytes } = this.#arena
    for (let entry = this.#tree.find(key.bytes, key.userEnd); entry !== 0; entry = words[entry + OLDER]) {
      const tag = keyStart(entry) + words[entry + KEY_LENGTH]
      if (tagSequence(bytes, tag + TAG_SIZE) > key.sequence) continue
      if (bytes[tag] === TYPE_DELETION) return DELETED
      found.bytes = bytes
      found.start = tag + TAG_SIZE
      found.end = found.start + words[entry + VALUE_LENGTH]
      return FOUND
    }
    return ABSENT
  }

  /** A new iterator over internal keys. It never misses, and stays usable while entries are added. */
  iterator(): InternalIterator {
    return new MemTableIterator(this.#tree, this.#arena)
  }

  /** Begins an entry with a copy of its key, and returns where its tag goes. */
  #writeKey(entry: number, source: Uint8Array, start: number, end: number): number {
    const { words, bytes } = this.#arena
    const at = keyStart(entry)
    words[entry + OLDER] = 0
    words[entry + KEY_LENGTH] = end - start
    copyBytes(bytes, at, source, start, end)
    return at + end - start
  }
}

/** The most bytes that entries take. */
function entryBytes(bytes: number, count: number): number {
  return bytes + (ENTRY_OVERHEAD + MOST_PADDING) * count
}

/** Memory of zeros; the system hands it out page by page as it is first written. */
function allocate(size: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(size)
  } catch (cause) {
    throw new LsmError('LSM_LIMIT', `no memory for a memtable of ${size} bytes`, { cause })
  }
}
