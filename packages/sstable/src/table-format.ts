/**
 * How a table file is laid out.
 *
 *     table   = data block*  meta block*  metaindex block  index block  footer
 *     block   = contents | type u8 | masked CRC-32C of (contents, type) u32     as stored, that is: compressed
 *     handle  = varint64 offset | varint64 size                                 size excludes the 5-byte trailer
 *     footer  = metaindex handle | index handle | zeros up to 40 bytes | magic u64             48 bytes
 *
 * The index block has an entry per data block: a key that separates it from the next, and its handle. The metaindex
 * block has an entry per meta block: its name, and its handle.
 *
 * 1. The footer's place follows from the size that the table is known by, not from the file's: bytes behind it are
 *    none of the table's.
 * 2. Every handle lies in front of the footer, with its trailer.
 * 3. The footer's padding carries no checksum, so it is held to be zero.
 *
 * Does not know what is inside a block.
 */
import { ByteReader, corruption, getFixed32, LsmError, maskCrc, putFixed32, putVarint } from '@lsm/base'

import { blockChecksum } from './block-kernel.ts'
/** Bytes after a block's contents: its type and its checksum. */
export const TRAILER_SIZE = 5
/** Bytes of the footer. */
export const FOOTER_SIZE = 48

const PADDED_HANDLES = 40
const MAGIC_LOW = 0x8b80_fb57
const MAGIC_HIGH = 0xdb47_7524
const ROCKSDB_MAGIC_LOW = 0x85f4_cff7
const ROCKSDB_MAGIC_HIGH = 0x88e2_41b7

/** Where a block lies in its file. */
export interface BlockHandle {
  /** Where the block begins in the file. */
  readonly offset: number
  /** Bytes of the stored contents, without the trailer. */
  readonly size: number
}

/** What the footer says. */
export interface Footer {
  readonly metaindex: BlockHandle
  readonly index: BlockHandle
}

/** The most bytes that a handle of numbers below 2^53 takes. */
export const LARGEST_HANDLE = 16

/**
 * Writes a handle at `at`.
 *
 * @returns the offset after it.
 */
export function putHandle(target: Uint8Array, at: number, { offset, size }: BlockHandle): number {
  return putVarint(target, putVarint(target, at, offset), size)
}

/** Reads a handle, and checks that its block and trailer end at or before `limit`. */
export function readHandle(reader: ByteReader, limit: number): BlockHandle {
  const offset = reader.varint64()
  const size = reader.varint64()
  if (size > limit - TRAILER_SIZE || offset > limit - TRAILER_SIZE - size) {
    throw reader.error(`a block of ${size} bytes at ${offset} would not end before ${limit}`)
  }
  return { offset, size }
}

/** Writes the trailer of a block whose contents are `target[start, end)` at `end`. */
export function putTrailer(target: Uint8Array, start: number, end: number, type: number): void {
  target[end] = type
  putFixed32(target, end + 1, maskCrc(blockChecksum(target, start, end + 1)))
}

/** Whether the checksum of a stored block of `size` bytes, which starts at 0 with its trailer behind it, is right. */
export function checksumMatches(stored: Uint8Array, size: number): boolean {
  return getFixed32(stored, size + 1) === maskCrc(blockChecksum(stored, 0, size + 1))
}

/** The footer's bytes. */
export function encodeFooter({ metaindex, index }: Footer): Uint8Array {
  const bytes = new Uint8Array(FOOTER_SIZE)
  putHandle(bytes, putHandle(bytes, 0, metaindex), index)
  putFixed32(bytes, PADDED_HANDLES, MAGIC_LOW)
  putFixed32(bytes, PADDED_HANDLES + 4, MAGIC_HIGH)
  return bytes
}

/**
 * Reads a footer.
 *
 * @param offset - where in the file it lies.
 */
export function decodeFooter(bytes: Uint8Array, file: string, offset: number): Footer {
  checkMagic(bytes, file, offset)
  const reader = new ByteReader(bytes, 0, PADDED_HANDLES, file, offset)
  const metaindex = readHandle(reader, offset)
  const index = readHandle(reader, offset)
  while (reader.remaining > 0) if (reader.byte() !== 0) throw reader.error('padding of the footer is not zero')
  return { metaindex, index }
}

function checkMagic(bytes: Uint8Array, file: string, offset: number): void {
  const low = getFixed32(bytes, PADDED_HANDLES)
  const high = getFixed32(bytes, PADDED_HANDLES + 4)
  if (low === MAGIC_LOW && high === MAGIC_HIGH) return
  if (low === ROCKSDB_MAGIC_LOW && high === ROCKSDB_MAGIC_HIGH) {
    throw new LsmError('LSM_NOT_SUPPORTED', "a table in RocksDB's own format", { file, offset })
  }
  throw corruption('not a table: its last eight bytes are wrong', file, offset + PADDED_HANDLES)
}
