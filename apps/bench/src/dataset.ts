/**
 * The keys and values of a benchmark, computed from numbers, so that what must be in the database can be computed again.
 *
 *     key      16 digits, as db_bench writes them                     key number 42 → 0000000000000042
 *     value    fixed32 key number, fixed32 write number, filler       filler: half compressible, by write number
 *
 * No two writes have equal values: a lost, stale or swapped value is seen.
 */
import { Random } from './random.ts'

/** Bytes of a key. */
export const KEY_BYTES = 16

/** Bytes of a value, where a workload is not about larger ones. */
export const VALUE_BYTES = 100

/** Bytes of one entry, as a user counts them. */
export const ENTRY_BYTES: number = KEY_BYTES + VALUE_BYTES

const POOL_BYTES = 1 << 20
const ZERO = 48

/** Makes keys and values; each maker with the same seed makes the same ones. */
export class Dataset {
  /** Bytes of each value. */
  readonly valueBytes: number
  readonly #pool: Buffer

  constructor(seed: number, valueBytes: number = VALUE_BYTES) {
    this.valueBytes = valueBytes
    this.#pool = fillerPool(seed, Math.max(POOL_BYTES, 2 * valueBytes))
  }

  /** Bytes of each entry, as a user counts them. */
  get entryBytes(): number {
    return KEY_BYTES + this.valueBytes
  }

  /** Writes key number `key`, below 2^31, into `target`, of 16 bytes. */
  writeKey(key: number, target: Uint8Array): void {
    let rest = key
    for (let i = KEY_BYTES - 1; i >= 0; i--) {
      const tens = (rest / 10) | 0
      target[i] = ZERO + rest - 10 * tens
      rest = tens
    }
  }

  /** Writes what write number `write` stores under a key into `target`, as long as a value. */
  writeValue(key: number, write: number, target: Buffer): void {
    const { valueBytes } = this
    const from = (write * valueBytes) % (this.#pool.length - valueBytes)
    this.#pool.copy(target, 0, from, from + valueBytes)
    target.writeUInt32LE(key, 0)
    target.writeUInt32LE(write, 4)
  }
}

/** The key number that a value carries; -1 for none, and for what is not as long as a value. */
export function keyNumberOf(value: Uint8Array | undefined, valueBytes: number = VALUE_BYTES): number {
  if (value === undefined || value.length !== valueBytes) return -1
  return (value[0] | (value[1] << 8) | (value[2] << 16) | (value[3] << 24)) >>> 0
}

/** The key number that the nth write of a load stores: each below `keys` once, scattered. */
export function scattered(n: number, keys: number): number {
  return (n * STRIDE) % keys
}

/** A prime: it shares no factor with a number of keys, and times 500 million keys it is still exact. */
const STRIDE = 15_485_863

/** Random bytes, each hundred of them fifty written twice: a value compresses to half. */
function fillerPool(seed: number, bytes: number): Buffer {
  const random = new Random(seed)
  const pool = Buffer.alloc(bytes)
  const half = VALUE_BYTES / 2
  for (let i = 0; i < bytes; i++) {
    const repeats = i % VALUE_BYTES >= half
    pool[i] = repeats ? pool[i - half] : 32 + random.below(95)
  }
  return pool
}
