/** Pages of blocks. The twin is `src/page.ts`, with `src/block-walker.ts`. */
import { checksum } from './checksum'
import { expandFrom } from './expand'
import { copyForwards, INPUT, LARGEST_BLOCK, OFFSETS, OUTPUT, PAGE, TAG } from './memory'
import { cursor, putVarint, varint, varintLength } from './varint'

const RAW: u32 = 0
const SNAPPY: u32 = 1

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
