/**
 * How a log looks: records of any size, cut into fragments that never cross a block.
 *
 *     file      = block*                           32768 bytes each; the last one may be shorter
 *     block     = fragment* padding                0 to 6 zero bytes where no header fits
 *     fragment  = checksum u32 | length u16 | type u8 | payload
 *     checksum  = masked CRC-32C of type and payload, not of the length
 *     record    = FULL | FIRST MIDDLE* LAST        a fragment that is not FULL or LAST fills its block
 *
 * 1. With exactly one header's room left, a record that is not empty begins with a FIRST of length 0.
 * 2. Type 0 with length 0 is no fragment but space that was allocated and not written.
 *
 * These are the bytes of LevelDB's write-ahead logs and manifests. Does not know what is in a record.
 */
import { crc32c, getFixed32, maskCrc } from '@lsm/base'

/** Bytes in a block. */
export const BLOCK_SIZE = 32768
/** Bytes in front of a fragment's payload. */
export const HEADER_SIZE = 7

/** Space that was never written, if the length is 0 as well. */
export const ZERO = 0
/** A whole record. */
export const FULL = 1
/** The beginning of a record. */
export const FIRST = 2
/** Neither the beginning nor the end of a record. */
export const MIDDLE = 3
/** The end of a record. */
export const LAST = 4

/** The length in the header at `at`. */
export function fragmentLength(bytes: Uint8Array, at: number): number {
  return bytes[at + 4] | (bytes[at + 5] << 8)
}

/** The type in the header at `at`. */
export function fragmentType(bytes: Uint8Array, at: number): number {
  return bytes[at + 6]
}

/** The masked checksum that the fragment from `at` to `end` should have. */
export function fragmentChecksum(bytes: Uint8Array, at: number, end: number): number {
  return maskCrc(crc32c(bytes, at + 6, end))
}

/** Whether the fragment from `at` to `end` has the checksum that its header says. */
export function isIntact(bytes: Uint8Array, at: number, end: number): boolean {
  return getFixed32(bytes, at) === fragmentChecksum(bytes, at, end)
}
