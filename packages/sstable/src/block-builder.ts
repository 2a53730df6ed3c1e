/**
 * One block, being written: entries in order, each without the bytes that it shares with the one before.
 *
 *     block    = entry*  restart u32*  number of restarts u32
 *     entry    = varint32 shared | varint32 unshared | varint32 value length | unshared key bytes | value
 *     restart  = offset of an entry whose shared is 0
 *
 * 1. The first entry is a restart point, and so is every `restartInterval`-th after it. A block without entries
 *    still has one, at 0.
 * 2. `shared` counts bytes of the whole stored key, so that it may run into an internal key's tag.
 *
 * Does not know what the keys mean, or whether they are in order.
 */
import { ByteBuffer, putFixed32, putVarint, sharedPrefixLength } from '@lsm/base'

/** Bytes that the three lengths of an entry may take. */
const LARGEST_HEADER = 15

/** Builds one block after the other in one buffer. */
export class BlockBuilder {
  /** Number of entries in the block. */
  entries = 0
  readonly #restartInterval: number
  readonly #buffer = new ByteBuffer(8 * 1024)
  readonly #restarts: number[] = [0]
  readonly #lastKey = new ByteBuffer()
  #untilRestart = 0

  /** @param restartInterval - entries from one restart point to the next; at least 1. */
  constructor(restartInterval: number) {
    this.#restartInterval = restartInterval
  }

  /** Bytes of the block if it were finished now. */
  get size(): number {
    return this.#buffer.length + 4 * this.#restarts.length + 4
  }

  /** The key added last, in `bytes[0, length)`; still there after {@link BlockBuilder.clear | clear}. */
  get lastKey(): ByteBuffer {
    return this.#lastKey
  }

  /** Adds an entry, and finds out what its key shares with the last one. */
  add(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    const last = this.#lastKey
    const shared = sharedPrefixLength(last.bytes, 0, last.length, key, keyStart, keyEnd)
    this.addShared(shared, key, keyStart, keyEnd, value, valueStart, valueEnd)
  }

  /** Adds an entry whose key is known to share its first `shared` bytes with the last one. */
  addShared(
    shared: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    const buffer = this.#buffer
    const stored = this.#restartOr(shared)
    const unshared = keyEnd - keyStart - stored
    const valueLength = valueEnd - valueStart
    buffer.reserve(buffer.length + LARGEST_HEADER + unshared + valueLength)
    let at = putVarint(buffer.bytes, buffer.length, stored)
    at = putVarint(buffer.bytes, at, unshared)
    buffer.length = putVarint(buffer.bytes, at, valueLength)
    buffer.append(key, keyStart + stored, keyEnd)
    buffer.append(value, valueStart, valueEnd)
    this.#lastKey.length = shared
    this.#lastKey.append(key, keyStart + shared, keyEnd)
    this.entries++
  }

  /**
   * Completes the block.
   *
   * @returns its contents: a view, valid until the next {@link BlockBuilder.add | add}.
   */
  finish(): Uint8Array {
    const { size } = this
    const buffer = this.#buffer
    buffer.reserve(size)
    let at = buffer.length
    for (const restart of this.#restarts) {
      putFixed32(buffer.bytes, at, restart)
      at += 4
    }
    putFixed32(buffer.bytes, at, this.#restarts.length)
    return buffer.bytes.subarray(0, size)
  }

  /** Starts the next block. Its first key is stored whole, but {@link BlockBuilder.lastKey | lastKey} stays. */
  clear(): void {
    this.entries = 0
    this.#buffer.length = 0
    this.#restarts.length = 1
    this.#untilRestart = 0
  }

  /** What an entry may leave away: nothing at a restart point, which it notes. */
  #restartOr(shared: number): number {
    if (this.#untilRestart-- > 0) return shared
    this.#untilRestart = this.#restartInterval - 1
    if (this.entries > 0) this.#restarts.push(this.#buffer.length)
    return 0
  }
}
