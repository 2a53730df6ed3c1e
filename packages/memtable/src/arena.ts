/**
 * One fixed piece of shared memory, filled from both ends: entries grow up, tree nodes grow down.
 *
 *     | root, 32 bytes | entries →            free            ← nodes |
 *     0                32                                      capacity
 *
 * Everything is addressed by word: offset in bytes divided by four. So 2 GiB need 29 bits, and an offset with
 * two flags beside it is still a small integer.
 *
 * 1. The memory never grows, never moves and is never given back in part: an offset stays good until {@link Arena.reset}.
 * 2. Offset 0 is no entry and no node; it stands for "none".
 * 3. Both ends keep their distance: what does not fit is refused with `LSM_LIMIT` before anything is changed.
 * 4. Nodes start at multiples of 32 bytes, so that the smallest kind never straddles a cache line.
 *
 * Does not know what an entry or a node looks like.
 */
import { LsmError } from '@lsm/base'

/** Words before the first entry: the place of the tree's root, laid out as a node. */
export const ROOT_WORDS = 8

/** The most bytes that an arena may have. */
export const MAX_CAPACITY = 0x8000_0000

/** See the head of this file. */
export class Arena {
  /** The memory as 32-bit words. */
  readonly words: Int32Array
  /** The same memory as bytes. */
  readonly bytes: Uint8Array
  /** One past the last entry, in words. */
  #entriesEnd = ROOT_WORDS
  /** One past the entry being written, in words. */
  #reserved = ROOT_WORDS
  /** Where the lowest node starts, in words. */
  #nodesStart: number

  /** @param capacity - bytes, a multiple of 32; they start at `offset` in the buffer. */
  constructor(buffer: SharedArrayBuffer, offset: number, capacity: number) {
    this.words = new Int32Array(buffer, offset, capacity / 4)
    this.bytes = new Uint8Array(buffer, offset, capacity)
    this.#nodesStart = capacity / 4
  }

  /** Bytes between the two ends. */
  get free(): number {
    return (this.#nodesStart - this.#entriesEnd) * 4
  }

  /** Bytes that nodes have taken, those waiting to be used again included. */
  get nodeBytes(): number {
    return (this.words.length - this.#nodesStart) * 4
  }

  /** Gives all of it back at once; the memory stays dirty. */
  reset(): void {
    this.#entriesEnd = ROOT_WORDS
    this.#reserved = ROOT_WORDS
    this.#nodesStart = this.words.length
  }

  /** Makes room for an entry and returns its offset. It is not taken until {@link Arena.commit}. */
  reserve(size: number): number {
    const count = Math.ceil(size / 4)
    if (count > this.#nodesStart - this.#entriesEnd) throw full(size)
    this.#reserved = this.#entriesEnd + count
    return this.#entriesEnd
  }

  /** Takes the reserved entry for good. */
  commit(): void {
    this.#entriesEnd = this.#reserved
  }

  /** Takes `count` words for a node, a multiple of 8; they may be dirty. */
  allocateNode(count: number): number {
    if (count > this.#nodesStart - this.#reserved) throw full(count * 4)
    this.#nodesStart -= count
    return this.#nodesStart
  }
}

function full(size: number): LsmError {
  return new LsmError('LSM_LIMIT', `the memtable has no room for ${size} bytes more; ask fits() first`)
}
