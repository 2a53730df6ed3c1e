/**
 * The 32-bit hash of a user key: LevelDB's, because its Bloom filters on disk are made of it.
 *
 * It is also the fastest one here (11 ns for 16 bytes), so it is computed once per look-up and
 * serves every filter that the look-up meets.
 */

const SEED = 0xbc9f_1d34
const MULTIPLIER = 0xc6a4_a793

/** The hash of a byte string, unsigned. */
export function hashKey(bytes: Uint8Array, start: number, end: number): number {
  let h = SEED ^ Math.imul(end - start, MULTIPLIER)
  let i = start
  for (const last = end - 4; i <= last; i += 4) {
    h = (h + (bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24))) | 0
    h = Math.imul(h, MULTIPLIER)
    h ^= h >>> 16
  }
  const rest = end - i
  if (rest > 0) {
    if (rest === 3) h = (h + (bytes[i + 2] << 16)) | 0
    if (rest >= 2) h = (h + (bytes[i + 1] << 8)) | 0
    h = Math.imul((h + bytes[i]) | 0, MULTIPLIER)
    h ^= h >>> 24
  }
  return h >>> 0
}
