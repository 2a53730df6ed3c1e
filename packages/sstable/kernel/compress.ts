/** Snappy, making blocks smaller. The twin is `src/snappy-compress.ts`. */
import { copyForwards, HASH_TABLE, INPUT, OUTPUT } from './memory'

const MARGIN: usize = 15
const MAX_TABLE_BITS: u32 = 14
const MIN_TABLE_BITS: u32 = 8

/** Compresses the first bytes of the input, without the length in front; returns how many bytes of output there are. */
export function compress(length: u32): u32 {
  const end = INPUT + <usize>length
  const limit = end - MARGIN
  const bits = min(MAX_TABLE_BITS, max(MIN_TABLE_BITS, 31 - <u32>clz(length)))
  const shift = 32 - bits
  memory.fill(HASH_TABLE, 0, (<usize>2) << bits)
  let out = OUTPUT
  let pending = INPUT
  let at = INPUT + 1
  while (<isize>at < <isize>limit) {
    let word = load<u32>(at)
    let slot = slotOf(word, shift)
    let candidate = INPUT + <usize>load<u16>(slot)
    store<u16>(slot, <u16>(at - INPUT))
    for (let tries: u32 = 32; load<u32>(candidate) !== word; tries++) {
      at += tries >>> 5
      if (at >= limit) return <u32>(putLiteral(out, pending, end) - OUTPUT)
      word = load<u32>(at)
      slot = slotOf(word, shift)
      candidate = INPUT + <usize>load<u16>(slot)
      store<u16>(slot, <u16>(at - INPUT))
    }
    if (at > pending) out = putLiteral(out, pending, at)
    do {
      const matched = 4 + agreement(candidate + 4, at + 4, end)
      out = putCopy(out, <u32>(at - candidate), <u32>matched)
      at += matched
      pending = at
      if (at >= limit) break
      store<u16>(slotOf(load<u32>(at - 1), shift), <u16>(at - 1 - INPUT))
      word = load<u32>(at)
      slot = slotOf(word, shift)
      candidate = INPUT + <usize>load<u16>(slot)
      store<u16>(slot, <u16>(at - INPUT))
    } while (load<u32>(candidate) === word)
    at++
  }
  if (pending < end) out = putLiteral(out, pending, end)
  return <u32>(out - OUTPUT)
}

function slotOf(word: u32, shift: u32): usize {
  return HASH_TABLE + ((<usize>((word * 0x1e35a7bd) >>> shift)) << 1)
}

/** How many bytes agree from `a` and `b` on, `b` being the later one, up to `end`. */
function agreement(a: usize, b: usize, end: usize): usize {
  const first = b
  while (b + 8 <= end) {
    const difference = load<u64>(a) ^ load<u64>(b)
    if (difference !== 0) return b - first + <usize>(ctz(difference) >>> 3)
    a += 8
    b += 8
  }
  while (b < end && load<u8>(a) === load<u8>(b)) {
    a++
    b++
  }
  return b - first
}

function putLiteral(out: usize, start: usize, end: usize): usize {
  const length = end - start
  if (length <= 60) {
    store<u8>(out++, <u8>((length - 1) << 2))
  } else if (length <= 256) {
    store<u8>(out++, 60 << 2)
    store<u8>(out++, <u8>(length - 1))
  } else {
    store<u8>(out++, 61 << 2)
    store<u16>(out, <u16>(length - 1))
    out += 2
  }
  copyForwards(out, start, length)
  return out + length
}

/** One copy, as elements of at most 64 bytes; the last is never shorter than 4, so that it may be a short one. */
function putCopy(out: usize, offset: u32, length: u32): usize {
  while (length >= 68) {
    out = putLongCopy(out, offset, 64)
    length -= 64
  }
  if (length > 64) {
    out = putLongCopy(out, offset, 60)
    length -= 60
  }
  if (length >= 12 || offset >= 2048) return putLongCopy(out, offset, length)
  store<u8>(out, <u8>(((offset >>> 8) << 5) | ((length - 4) << 2) | 1))
  store<u8>(out + 1, <u8>offset)
  return out + 2
}

function putLongCopy(out: usize, offset: u32, length: u32): usize {
  store<u8>(out, <u8>(((length - 1) << 2) | 2))
  store<u16>(out + 1, <u16>offset)
  return out + 3
}
