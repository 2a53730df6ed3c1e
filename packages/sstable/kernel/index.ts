/** Indexes of tables. The twin is `decode` in `src/index-parts.ts`. */
import { copyForwards, INPUT, OUTPUT, TAG } from './memory'
import { cursor, varint, varint64 } from './varint'

const LARGEST_NUMBER: u64 = 0x1fffffffffffff
const BLOCK_TRAILER: f64 = 5

/** What {@link index} found: whether blocks lie close together, whether separators are short, and all of one tag. */
const CLOSE: u32 = 1
const SHORT: u32 = 2
const UNIFORM: u32 = 4
let found: u32 = 0

/** What the last {@link index} found. */
export function indexForm(): u32 {
  return found
}

/**
 * Decodes the page of an index of `count` entries in the input, whose footer is at `footer`. In the output, one behind the other:
 * offsets and sizes of blocks (f64), offsets again (u32), the two words of each separator behind the prefix, where each separator
 * ends (u32 all of these), their tags (u64), how many bytes of user keys are behind the prefix if these are short (u8), their bytes.
 *
 * @param limit - where blocks end at the latest.
 * @returns the bytes of all separators, or 0 where the twin is to see to it.
 */
export function index(footer: u32, count: u32, prefix: u32, limit: f64): u32 {
  const entries = INPUT + <usize>(footer - 8 * count - 4)
  const sizes = OUTPUT + <usize>(8 * count)
  const offsets = sizes + <usize>(8 * count)
  const high = offsets + <usize>(4 * count)
  const low = high + <usize>(4 * count)
  const ends = low + <usize>(4 * count)
  const tags = ends + <usize>(4 * count)
  const lengths = tags + <usize>(8 * count)
  const keys = lengths + <usize>count
  let out = keys
  let dataEnd: f64 = 0
  found = CLOSE | SHORT | UNIFORM
  for (let n: u32 = 0; n < count; n++) {
    const entry = INPUT + <usize>load<u32>(entries + <usize>(4 * n))
    const keyLength = varint(entry + 1, usize.MAX_VALUE)
    const valueLength = varint(cursor, usize.MAX_VALUE)
    const key = cursor
    const valueEnd = key + <usize>(keyLength + valueLength)
    const offset = varint64(key + <usize>keyLength, valueEnd)
    if (cursor === 0 || offset > LARGEST_NUMBER) return 0
    const size = varint64(cursor, valueEnd)
    if (cursor === 0 || size > LARGEST_NUMBER) return 0
    if (<f64>offset < dataEnd || <f64>offset + <f64>size + BLOCK_TRAILER > limit) return 0
    if (<f64>offset !== dataEnd) found &= ~CLOSE
    dataEnd = <f64>offset + <f64>size + BLOCK_TRAILER
    store<f64>(OUTPUT + <usize>(8 * n), <f64>offset)
    store<f64>(sizes + <usize>(8 * n), <f64>size)
    store<u32>(offsets + <usize>(4 * n), <u32>offset)
    const userLength = keyLength - TAG
    store<u32>(high + <usize>(4 * n), word(key, prefix, userLength))
    store<u32>(low + <usize>(4 * n), word(key, prefix + 4, userLength))
    if (n + 1 < count) {
      const tag = load<u64>(key + <usize>userLength)
      store<u64>(tags + <usize>(8 * n), tag)
      if (tag !== load<u64>(tags)) found &= ~UNIFORM
      if (userLength - prefix > 8) found &= ~SHORT
      store<u8>(lengths + <usize>n, <u8>(userLength - prefix))
    }
    copyForwards(out, key, <usize>keyLength)
    out += <usize>keyLength
    store<u32>(ends + <usize>(4 * n), <u32>(out - keys))
  }
  return <u32>(out - keys)
}

/** Four bytes of a user key from some offset on, as one big-endian number; zeros in place of those behind it. */
function word(key: usize, at: u32, length: u32): u32 {
  if (length <= at) return 0
  const bytes = bswap(load<u32>(key + <usize>at))
  return length - at >= 4 ? bytes : bytes & (0xffffffff << ((4 - (length - at)) << 3))
}
