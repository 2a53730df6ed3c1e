/**
 * The bytes of an atomic batch: what is written to the log is what is inserted into the memtable.
 *
 *     fixed64 sequence of the first operation
 *     fixed32 count of operations
 *     count × ( 01 slice key, slice value  |  00 slice key )
 *
 * 1. Operation i has sequence + i, deletions included.
 * 2. `sequence` is set once, when the batch is numbered; until then it is 0.
 *
 * Does not know encodings' names, logs or memtables.
 */
import {
  ByteReader,
  corruption,
  MAX_SEQUENCE,
  putFixed32,
  putFixed64,
  putVarint,
  TYPE_DELETION,
  TYPE_VALUE,
} from '@lsm/base'
import type { MemTable } from '@lsm/memtable'

import { mostBytes, write } from './encoding.ts'

/** Bytes before the first operation. */
const BATCH_HEADER = 12

/** Bytes that a varint32 may take. */
const VARINT32 = 5

/** A batch being put together; made once and used again. */
export class WriteBatch {
  /** The batch is `bytes[0, length)`. Replaced when it grows. */
  bytes: Uint8Array
  length: number = BATCH_HEADER
  count = 0

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity)
  }

  /** Appends "this key has this value". */
  put(key: string | Uint8Array, value: string | Uint8Array): void {
    this.#reserve(1 + 2 * VARINT32 + mostBytes(key) + mostBytes(value))
    this.bytes[this.length] = TYPE_VALUE
    this.length = this.#slice(value, this.#slice(key, this.length + 1))
    this.count++
  }

  /** Appends "this key is deleted". */
  del(key: string | Uint8Array): void {
    this.#reserve(1 + VARINT32 + mostBytes(key))
    this.bytes[this.length] = TYPE_DELETION
    this.length = this.#slice(key, this.length + 1)
    this.count++
  }

  /** Appends all operations of another batch. */
  append(other: WriteBatch): void {
    this.#reserve(other.length - BATCH_HEADER)
    this.bytes.set(other.bytes.subarray(BATCH_HEADER, other.length), this.length)
    this.length += other.length - BATCH_HEADER
    this.count += other.count
  }

  /** Takes back everything after an earlier `length` and `count`. */
  rollBack(length: number, count: number): void {
    this.length = length
    this.count = count
  }

  /** Empties the batch; a buffer that has grown large is let go. */
  clear(): void {
    this.length = BATCH_HEADER
    this.count = 0
    if (this.bytes.length > MOST_KEPT) this.bytes = new Uint8Array(256)
  }

  /** Writes the header: the batch is then ready for the log. */
  number(sequence: number): void {
    putFixed64(this.bytes, 0, sequence)
    putFixed32(this.bytes, 8, this.count)
  }

  #slice(prepared: string | Uint8Array, at: number): number {
    const bytes = this.bytes
    const start = at + 1
    const end = write(prepared, bytes, start)
    const length = end - start
    if (length < 128) {
      bytes[at] = length
      return end
    }
    const shift = length < 16_384 ? 1 : length < 2_097_152 ? 2 : length < 268_435_456 ? 3 : 4
    bytes.copyWithin(start + shift, start, end)
    putVarint(bytes, at, length)
    return end + shift
  }

  #reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }
}

/** A buffer above this size is not kept for the next batch. */
const MOST_KEPT = 1 << 20

/** Inserts the operations of a batch, encoded by this process or checked, whose header starts at `start`. */
export function insertBatch(
  bytes: Uint8Array,
  start: number,
  sequence: number,
  count: number,
  memtable: MemTable,
): void {
  let at = start + BATCH_HEADER
  for (let i = 0; i < count; i++) {
    const type = bytes[at]
    at = readLength(bytes, at + 1)
    const keyStart = at
    const keyEnd = at + lengthRead
    at = type === TYPE_VALUE ? readLength(bytes, keyEnd) : keyEnd
    const valueEnd = type === TYPE_VALUE ? at + lengthRead : at
    memtable.add(sequence + i, type, bytes, keyStart, keyEnd, at, valueEnd)
    at = valueEnd
  }
}

/** Second result of {@link readLength}: a tuple would be an allocation per slice. */
let lengthRead = 0

/** Reads the length of a slice that was written or checked by this process; returns the offset after it. */
function readLength(bytes: Uint8Array, at: number): number {
  let byte = bytes[at++]
  let length = byte & 127
  for (let shift = 7; byte > 127; shift += 7) {
    byte = bytes[at++]
    length |= (byte & 127) << shift
  }
  lengthRead = length
  return at
}

/** A checked batch from a log. */
export interface StoredBatch {
  readonly sequence: number
  readonly count: number
  /** Bytes of its keys and values. */
  readonly userBytes: number
}

/**
 * Checks a batch from disk as a whole before anything of it is applied.
 *
 * @throws LsmError `LSM_CORRUPTION` where it breaks the grammar: its checksum was right, so no crash made it so.
 */
export function checkBatch(bytes: Uint8Array, start: number, end: number, file: string, offset: number): StoredBatch {
  if (end - start < BATCH_HEADER) throw corruption('log record shorter than the header of a batch', file, offset)
  const reader = new ByteReader(bytes, start, end, file, offset)
  const sequence = reader.fixed64()
  const count = reader.fixed32()
  if (sequence + count > MAX_SEQUENCE) throw corruption('sequence number above 2^53 - 1', file, offset)
  let found = 0
  let userBytes = 0
  for (; reader.remaining > 0; found++) userBytes += skipOperation(reader)
  if (found !== count) throw corruption(`batch says ${count} operations and holds ${found}`, file, offset)
  return { sequence, count, userBytes }
}

function skipOperation(reader: ByteReader): number {
  const type = reader.byte()
  if (type > TYPE_VALUE) throw reader.error(`operation of unknown type ${type} in a batch`)
  const key = reader.skipSlice()
  return type === TYPE_VALUE ? key + reader.skipSlice() : key
}
