/**
 * What is done with every byte of a block, in WebAssembly: CRC-32C, Snappy both ways, and the making of pages. AssemblyScript;
 * `build.mjs` compiles it, and `src/block-kernel.ts` runs it. Its twins in TypeScript, which say why things are as they are, are
 * `crc32c` of @lsm/base, `src/snappy-compress.ts`, `src/snappy-decompress.ts`, `src/page.ts` and `decode` in
 * `src/index-parts.ts`: what comes out is the same, byte for byte.
 *
 *     0         1 KiB           17 KiB         49 KiB          323 KiB          597 KiB                      1.5 MiB
 *     | unused  | CRC tables    | hash table   | input         | output         | page → … ← its offsets     |
 *
 * Input and output do not begin at the same offset of a page: copies between places 4 KiB apart are slow.
 *
 * 1. The memory never grows. The caller keeps to the sizes: 256 KiB and some bytes of input, as many of output. Copies go eight
 *    bytes at a time and end up to seven bytes late.
 * 2. Everything is checked against what is left of input and output before it is carried out.
 */

const CRC_TABLES: usize = 0x400
const HASH_TABLE: usize = 0x4400
const INPUT: usize = 0xc400
const OUTPUT: usize = 0x50c00
const PAGE: usize = 0x95400
/** The offset of the n-th entry of a page is kept n words below. */
const OFFSETS: usize = 0x180000 - 16

/** The most bytes of a block. */
const LARGEST_BLOCK: u32 = 0x40000

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
  return expandFrom(INPUT, INPUT + <usize>length, declared)
}

function expandFrom(at: usize, inputEnd: usize, declared: u32): i32 {
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

const RAW: u32 = 0
const SNAPPY: u32 = 1
const TAG: u32 = 8

/**
 * Makes a page of a stored block of `size` bytes, with its trailer behind it, in the input.
 *
 * @param verify - whether its checksum is compared.
 * @param limit - the most bytes that it may decompress to.
 * @returns the bytes of the page; 0 where the twin is to see to it: something is wrong, the codec is another one, or the entries
 *   stay folded.
 */
export function page(size: u32, verify: bool, limit: u32): u32 {
  const trailer = INPUT + <usize>size
  if (verify && load<u32>(trailer, 1) !== masked(checksum(size + 1, 0))) return 0
  const type = <u32>load<u8>(trailer)
  if (type === RAW) return size > limit ? 0 : unfold(INPUT, size)
  if (type !== SNAPPY) return 0
  const declared = varint(INPUT, trailer)
  if (cursor === 0 || declared > min(limit, LARGEST_BLOCK)) return 0
  return expandFrom(cursor, trailer, declared) === 0 ? unfold(OUTPUT, declared) : 0
}

function masked(crc: u32): u32 {
  return rotr(crc, 15) + 0xa282ead8
}

/** Behind the last varint; 0 if it was none. */
let cursor: usize = 0

/** The varint32 at an address, before `end`; moves {@link cursor}. */
function varint(at: usize, end: usize): u32 {
  let value: u32 = 0
  cursor = 0
  for (let shift: u32 = 0; shift < 35 && at < end; shift += 7) {
    const byte = <u32>load<u8>(at++)
    if (shift === 28 && byte > 15) return 0
    value |= (byte & 127) << shift
    if (byte < 128) {
      cursor = at
      return value
    }
  }
  return 0
}

function putVarint(at: usize, value: u32): usize {
  for (; value >= 128; value >>>= 7) store<u8>(at++, <u8>(value | 128))
  store<u8>(at, <u8>value)
  return at + 1
}

function varintLength(value: u32): u32 {
  return value < 128 ? 1 : (38 - <u32>clz(value)) / 7
}

/** Checks the block of `length` bytes at an address, and writes its page; see `src/page.ts`. Returns its bytes, or 0. */
function unfold(block: usize, length: u32): u32 {
  if (length < 8) return 0
  const restarts = load<u32>(block + <usize>length - 4)
  if (restarts === 0 || restarts > length / 4 - 1) return 0
  const end = block + <usize>(length - 4 - 4 * restarts)
  if (end === block || load<u32>(end) !== 0) return 0
  const limit = PAGE + <usize>(length + (length >>> 1))
  let met: u32 = 0
  let count: u32 = 0
  let at = block
  let out = PAGE
  let last: usize = 0
  let lastLength: u32 = 0
  while (at < end) {
    let shared = <u32>load<u8>(at)
    let unshared = <u32>load<u8>(at, 1)
    let valueLength = <u32>load<u8>(at, 2)
    let keyAt = at + 3
    if (keyAt > end || (shared | unshared | valueLength) >= 128) {
      shared = varint(at, end)
      if (cursor === 0) return 0
      unshared = varint(cursor, end)
      if (cursor === 0) return 0
      valueLength = varint(cursor, end)
      if (cursor === 0) return 0
      keyAt = cursor
    }
    if (<usize>unshared > end - keyAt || <usize>valueLength > end - keyAt - <usize>unshared) return 0
    if (met < restarts) {
      const restart = load<u32>(end + <usize>(4 * met))
      if (<usize>restart < at - block || (<usize>restart === at - block && shared !== 0)) return 0
      if (<usize>restart === at - block) met++
    }
    const keyLength = shared + unshared
    if (shared > lastLength || keyLength < TAG) return 0
    const size = 1 + varintLength(keyLength) + varintLength(valueLength) + keyLength + valueLength
    if (<usize>size > limit - out) return 0
    count++
    store<u32>(OFFSETS - <usize>(4 * count), <u32>(out - PAGE))
    store<u8>(out, 0)
    const key = putVarint(putVarint(out + 1, keyLength), valueLength)
    copyForwards(key, last, <usize>shared)
    copyForwards(key + <usize>shared, keyAt, <usize>(unshared + valueLength))
    if (last !== 0 && !ascends(last, lastLength, key, keyLength, shared)) return 0
    last = key
    lastLength = keyLength
    out = key + <usize>(keyLength + valueLength)
    at = keyAt + <usize>(unshared + valueLength)
  }
  return met === restarts ? finishPage(out, count, last, lastLength) : 0
}

/** Whether an internal key comes after the last one, with which it shares some bytes. */
function ascends(last: usize, lastLength: u32, key: usize, length: u32, shared: u32): bool {
  const lastUser = lastLength - TAG
  const user = length - TAG
  const common = min(lastUser, user)
  let i = shared
  while (i < common && load<u8>(last + <usize>i) === load<u8>(key + <usize>i)) i++
  if (i < common) return load<u8>(last + <usize>i) < load<u8>(key + <usize>i)
  return lastUser < user || (lastUser === user && load<u64>(key + <usize>user) < load<u64>(last + <usize>user))
}

/** Writes what follows the entries of a page; returns the bytes of all. */
function finishPage(end: usize, count: u32, last: usize, lastLength: u32): u32 {
  const first = keyOf(1)
  const common = min(userLength, lastLength - TAG)
  let prefix: u32 = 0
  while (prefix < common && load<u8>(first + <usize>prefix) === load<u8>(last + <usize>prefix)) prefix++
  let out = end
  for (let n: u32 = 1; n <= count; n++, out += 4) store<u32>(out, load<u32>(OFFSETS - <usize>(4 * n)))
  store<u32>(out, count)
  out += 4
  for (let n: u32 = 1; n <= count; n++, out += 4) {
    const key = keyOf(n)
    const length = userLength - prefix
    let word = load<u32>(key + <usize>prefix)
    if (length < 4) word &= (1 << (length << 3)) - 1
    store<u32>(out, word)
  }
  store<u32>(out, prefix)
  store<u32>(out, count, 4)
  return <u32>(out + 8 - PAGE)
}

let userLength: u32 = 0

/** Where the key of the n-th entry of the page is, counted from 1; sets {@link userLength}. */
function keyOf(n: u32): usize {
  const entry = PAGE + <usize>load<u32>(OFFSETS - <usize>(4 * n))
  userLength = varint(entry + 1, usize.MAX_VALUE) - TAG
  varint(cursor, usize.MAX_VALUE)
  return cursor
}

const LARGEST_NUMBER: u64 = 0x1fffffffffffff
const BLOCK_TRAILER: f64 = 5

/** The varint64 at an address, before `end`; moves {@link cursor}. */
function varint64(at: usize, end: usize): u64 {
  let value: u64 = 0
  cursor = 0
  for (let shift: u64 = 0; shift < 56 && at < end; shift += 7) {
    const byte = <u64>load<u8>(at++)
    value |= (byte & 127) << shift
    if (byte < 128) {
      cursor = at
      return value
    }
  }
  return 0
}

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
