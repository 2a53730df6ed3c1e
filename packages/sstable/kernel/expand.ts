/** Snappy, the way back. The twin is `src/snappy-decompress.ts`. */
import { copyForwards, INPUT, OUTPUT } from './memory'

/** What {@link expand} returns where the data are damaged; the twin finds out how. */
const DAMAGED: i32 = -1

/**
 * Carries out the elements in `length` bytes of input, behind the declared length; they must make exactly `declared` bytes.
 *
 * @returns 0, or {@link DAMAGED}.
 */
export function expand(length: u32, declared: u32): i32 {
  return expandFrom(INPUT, INPUT + <usize>length, declared)
}

export function expandFrom(at: usize, inputEnd: usize, declared: u32): i32 {
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
