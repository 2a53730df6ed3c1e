/**
 * Where things lie in the memory of the program, and how they are copied.
 *
 *     0         1 KiB           17 KiB         49 KiB          323 KiB          597 KiB                      1.5 MiB
 *     | unused  | CRC tables    | hash table   | input         | output         | page → … ← its offsets     |
 *
 * Input and output do not begin at the same offset of a page: copies between places 4 KiB apart are slow.
 */

export const CRC_TABLES: usize = 0x400
export const HASH_TABLE: usize = 0x4400
export const INPUT: usize = 0xc400
export const OUTPUT: usize = 0x50c00
export const PAGE: usize = 0x95400
/** The offset of the n-th entry of a page is kept n words below. */
export const OFFSETS: usize = 0x180000 - 16

/** The most bytes of a block. */
export const LARGEST_BLOCK: u32 = 0x40000
/** Bytes of the tag behind a user key. */
export const TAG: u32 = 8

/** Copies eight bytes at a time, up to seven more than asked. */
export function copyForwards(to: usize, from: usize, length: usize): void {
  for (const end = to + length; to < end; to += 8, from += 8) store<u64>(to, load<u64>(from))
}
