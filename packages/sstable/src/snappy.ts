/**
 * Snappy's raw format, as LevelDB stores blocks in it.
 *
 *     data         = varint32 length of the large form | element*
 *     element      = literal | copy
 *     literal      = tag ((n - 1) << 2 | 0)                 n bytes        n = 1..60
 *                  | tag ((59 + k) << 2 | 0) | n - 1: k bytes | n bytes    k = 1..4
 *     copy         = tag (offset >> 8) << 5 | (n - 4) << 2 | 1 | offset u8     n = 4..11, offset < 2^11
 *                  | tag (n - 1) << 2 | 2 | offset u16                         n = 1..64
 *                  | tag (n - 1) << 2 | 3 | offset u32                         n = 1..64
 *
 * A copy repeats `n` bytes that begin `offset` bytes before the end of what has been put out; where the offset is
 * the smaller one, it repeats bytes that it has written itself.
 *
 * All elements are read; a literal above 64 KiB and the copy with four bytes of offset are never written.
 *
 * Blocks of the usual size go through `block-kernel` where there is WebAssembly.
 */
import { putVarint, varintLength } from '@lsm/base'

import { blockKernel, LARGEST_FRAGMENT, type BlockKernel } from './block-kernel.ts'
import type { Codec } from './codec.ts'
import { compress } from './snappy-compress.ts'
import { declaredBytes, decompress } from './snappy-decompress.ts'

/**
 * Makes the codec.
 *
 * @param kernel - gives the instance to use, if there is one; asked at every call.
 */
export function snappyCodec(kernel: () => BlockKernel | undefined): Codec {
  return {
    id: 1,
    name: 'snappy',
    compress(source, start, end) {
      const length = end - start
      const fast = length > LARGEST_FRAGMENT ? undefined : kernel()
      if (fast === undefined) return compress(source, start, end)
      const small = fast.compress(source, start, end, varintLength(length))
      putVarint(small, 0, length)
      return small
    },
    decompress(source, start, end, limit) {
      const { length, at } = declaredBytes(source, start, end, limit)
      // Where something is wrong, the twin says what.
      return kernel()?.decompress(source, at, end, length) ?? decompress(source, start, end, limit)
    },
  }
}

/** Snappy, LevelDB's default: block type 1. */
export const SNAPPY: Codec = snappyCodec(blockKernel)
