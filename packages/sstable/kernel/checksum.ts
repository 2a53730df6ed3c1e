/** CRC-32C, sixteen bytes at a time. The twin is `crc32c` of @lsm/base. */
import { CRC_TABLES, INPUT } from './memory'

const POLYNOMIAL: u32 = 0x82f63b78

/** Fills the tables; to be called once. */
export function begin(): void {
  for (let n: u32 = 0; n < 256; n++) {
    let crc = n
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    store<u32>(CRC_TABLES + ((<usize>n) << 2), crc)
  }
  for (let i: usize = 256; i < 4096; i++) {
    const before = load<u32>(CRC_TABLES + ((i - 256) << 2))
    store<u32>(CRC_TABLES + (i << 2), load<u32>(CRC_TABLES + ((<usize>(before & 255)) << 2)) ^ (before >>> 8))
  }
}

/**
 * The CRC-32C of the first bytes of the input.
 *
 * @param before - that of bytes in front of them; 0 for none.
 */
export function checksum(length: u32, before: u32): u32 {
  let crc: u32 = ~before
  let at = INPUT
  const end = INPUT + <usize>length
  for (; at + 16 <= end; at += 16) {
    const a = load<u32>(at) ^ crc
    const b = load<u32>(at, 4)
    const c = load<u32>(at, 8)
    const d = load<u32>(at, 12)
    // What depends on the step before comes last, so that the rest need not wait for it.
    crc =
      entry(11, b) ^
      entry(10, b >>> 8) ^
      entry(9, b >>> 16) ^
      entry(8, b >>> 24) ^
      (entry(7, c) ^ entry(6, c >>> 8) ^ entry(5, c >>> 16) ^ entry(4, c >>> 24)) ^
      (entry(3, d) ^ entry(2, d >>> 8) ^ entry(1, d >>> 16) ^ entry(0, d >>> 24)) ^
      (entry(15, a) ^ entry(14, a >>> 8) ^ entry(13, a >>> 16) ^ entry(12, a >>> 24))
  }
  for (; at < end; at++) crc = entry(0, crc ^ <u32>load<u8>(at)) ^ (crc >>> 8)
  return ~crc
}

function entry(table: usize, word: u32): u32 {
  return load<u32>(CRC_TABLES + (table << 10) + ((<usize>(word & 255)) << 2))
}
