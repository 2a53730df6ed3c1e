/**
 * A file and its past: how large it was after each operation, and which of its bytes a loss of power would have left.
 *
 *     bytes    ████████████████████░░░░░░   one array, which only grows
 *     history  op 3: 120, none   op 4: 120, [0,120)   op 9: 300, [0,120)   …
 *
 * 1. Bytes below `size` never change, so a moment of the past is a size and a set of ranges, not a copy.
 * 2. A sync makes durable what had been appended when it began.
 * 3. What a failed sync should have covered can be read, but no later sync makes it durable: the kernel has dropped it
 *    from what it is going to write.
 */
import { endOf, NONE, outside, union, type Ranges } from './ranges.ts'

/** A file at one moment. */
export interface FileMoment {
  readonly operation: number
  /** Bytes that can be read. */
  readonly size: number
  /** Those that survive a loss of power. */
  readonly durable: Ranges
}

const FIRST_SIZE = 256
let files = 0

/** See the file's header. */
export class RecordedFile {
  /** Differs from that of every other file. */
  readonly id: number = ++files
  /** Bytes in it now. */
  size: number
  #bytes: Uint8Array
  #durable: Ranges
  /** What no sync makes durable. */
  #lost: Ranges = NONE
  readonly #history: FileMoment[]

  /** @param bytes - what is in it from the beginning, durably; not copied, and not changed. */
  constructor(operation: number, bytes: Uint8Array = new Uint8Array(0)) {
    this.size = bytes.length
    this.#bytes = bytes
    this.#durable = bytes.length > 0 ? [0, bytes.length] : NONE
    this.#history = [{ operation, size: this.size, durable: this.#durable }]
  }

  /** The bytes at some size; they are not to be changed. */
  bytes(size: number = this.size): Uint8Array {
    return this.#bytes.subarray(0, size)
  }

  append(operation: number, bytes: Uint8Array, start: number, end: number): void {
    const size = this.size + end - start
    if (size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(FIRST_SIZE, size, Math.min(2 * size, size + 2 ** 26)))
      grown.set(this.bytes())
      this.#bytes = grown
    }
    this.#bytes.set(bytes.subarray(start, end), this.size)
    this.size = size
    this.#note(operation)
  }

  /** Makes the bytes below `size` durable, but for what is lost. */
  sync(operation: number, size: number): void {
    const durable = union(this.#durable, outside(size, this.#lost))
    if (endOf(durable) === endOf(this.#durable) && durable.length === this.#durable.length) return
    this.#durable = durable
    this.#note(operation)
  }

  /** Drops what is not durable below `size`: it can be read as long as the power is on. */
  lose(size: number): void {
    this.#lost = union(this.#lost, outside(size, this.#durable))
  }

  /** Drops what the last append has written. */
  loseAppended(count: number): void {
    if (count > 0) this.#lost = union(this.#lost, [this.size - count, this.size])
  }

  /** The file as it was after an operation. */
  at(operation: number): FileMoment {
    let low = 0
    let high = this.#history.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#history[middle].operation <= operation) low = middle
      else high = middle - 1
    }
    return this.#history[low]
  }

  /** Where the last append at or before an operation began. */
  lastAppend(operation: number): number {
    const { size } = this.at(operation)
    const before = this.#history.findLast(moment => moment.operation <= operation && moment.size < size)
    return before?.size ?? 0
  }

  /** The operation that wrote the first byte of those that were not durable behind all that were, after an operation. */
  firstPending(operation: number): number {
    const { size, durable } = this.at(operation)
    const end = endOf(durable)
    if (size === end) return operation
    return this.#history.find(moment => moment.size > end)?.operation ?? operation
  }

  #note(operation: number): void {
    this.#history.push({ operation, size: this.size, durable: this.#durable })
  }
}
