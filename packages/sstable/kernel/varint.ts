/** Varints in memory. */

/** Behind the last varint; 0 if it was none. */
export let cursor: usize = 0

/** The varint32 at an address, before `end`; moves {@link cursor}. */
export function varint(at: usize, end: usize): u32 {
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

export function putVarint(at: usize, value: u32): usize {
  for (; value >= 128; value >>>= 7) store<u8>(at++, <u8>(value | 128))
  store<u8>(at, <u8>value)
  return at + 1
}

export function varintLength(value: u32): u32 {
  return value < 128 ? 1 : (38 - <u32>clz(value)) / 7
}

/** The varint64 at an address, before `end`; moves {@link cursor}. */
export function varint64(at: usize, end: usize): u64 {
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
