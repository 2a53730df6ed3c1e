/**
 * What is done with every byte of a block, in WebAssembly: CRC-32C, and Snappy both ways. AssemblyScript; `build.mjs`
 * compiles it, and `src/block-kernel.ts` runs it. Its twins in TypeScript, which say why things are as they are, are
 * `crc32c` of @lsm/base, `src/snappy-compress.ts` and `src/snappy-decompress.ts`: what comes out is the same, byte for byte.
 *
 *     0         1 KiB           17 KiB         49 KiB           131 KiB          211 KiB        256 KiB
 *     | unused  | CRC tables    | hash table   | input, 80 KiB  | output, 80 KiB |              |
 *
 * Input and output do not begin at the same offset of a page: copies between places 4 KiB apart are slow.
 *
 * 1. The memory never grows. The caller keeps to the sizes: 64 KiB of the large form, 80 KiB of the small one, less 16
 *    bytes, since copies go eight bytes at a time and end up to seven bytes late.
 * 2. A Snappy element is checked against what is left of input and output before it is carried out.
 */

const CRC_TABLES: usize = 0x400
const HASH_TABLE: usize = 0x4400
const INPUT: usize = 0xc400
const OUTPUT: usize = 0x20c00

const POLYNOMIAL: u32 = 0x82f63b78
const MARGIN: usize = 15
const MAX_TABLE_BITS: u32 = 14
const MIN_TABLE_BITS: u32 = 8

/** What {@link expand} returns where the data are damaged; the twin finds out how. */
const DAMAGED: i32 = -1

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

/** The CRC-32C of the first bytes of the input. */
export function checksum(length: u32): u32 {
  let crc: u32 = 0xffffffff
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

/** Copies eight bytes at a time, up to seven more than asked. */
function copyForwards(to: usize, from: usize, length: usize): void {
  for (const end = to + length; to < end; to += 8, from += 8) store<u64>(to, load<u64>(from))
}

/**
 * Carries out the elements in `length` bytes of input, behind the declared length; they must make exactly `declared` bytes.
 *
 * @returns 0, or {@link DAMAGED}.
 */
export function expand(length: u32, declared: u32): i32 {
  let at = INPUT
  const inputEnd = INPUT + <usize>length
  let out = OUTPUT
  const outputEnd = OUTPUT + <usize>declared
  while (at < inputEnd) {
    const tag = <u32>load<u8>(at++)
    let size: u32 = (tag >>> 2) + 1
    if ((tag & 3) === 0) {
      if (size > 60) {
        const extra = size - 60
        size = load<u32>(at)
        if (extra < 4) size &= (1 << (extra << 3)) - 1
        // A length of 2^32 - 1 would become 0.
        if (size >= declared) return DAMAGED
        size += 1
        at += <usize>extra
      }
      if (at > inputEnd || <usize>size > inputEnd - at || <usize>size > outputEnd - out) return DAMAGED
      copyForwards(out, at, <usize>size)
      at += <usize>size
    } else {
      let offset: u32
      if ((tag & 3) === 1) {
        size = ((tag >>> 2) & 7) + 4
        offset = ((tag >>> 5) << 8) | <u32>load<u8>(at)
        at += 1
      } else if ((tag & 3) === 2) {
        offset = <u32>load<u16>(at)
        at += 2
      } else {
        offset = load<u32>(at)
        at += 4
      }
      if (at > inputEnd || offset === 0) return DAMAGED
      if (<usize>offset > out - OUTPUT || <usize>size > outputEnd - out) return DAMAGED
      if (offset >= 8) copyForwards(out, out - <usize>offset, <usize>size)
      else repeat(out, <usize>offset, <usize>size)
    }
    out += <usize>size
  }
  return out === outputEnd ? 0 : DAMAGED
}

/** Repeats a pattern shorter than eight bytes: doubled until it fills them, it goes on eight at a time. */
function repeat(to: usize, offset: usize, length: usize): void {
  const end = to + length
  while (offset < 8) {
    for (const stop = to + offset; to < stop; to++) store<u8>(to, load<u8>(to - offset))
    offset <<= 1
  }
  for (; to < end; to += 8) store<u64>(to, load<u64>(to - offset))
}
