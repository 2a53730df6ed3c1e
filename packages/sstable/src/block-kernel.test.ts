import { crc32c } from '@lsm/base'
import { Random, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { blockChecksum, BlockKernel, blockKernel, LARGEST_INPUT } from './block-kernel.ts'

describe('a kernel', () => {
  test(`gives the checksum that its twin gives, seed ${testSeed(1)}`, () => {
    const random = new Random(testSeed(1))
    const bytes = random.bytes(LARGEST_INPUT)
    const kernel = blockKernel()!
    for (const length of [0, 1, 15, 16, 17, 4095, 4096, LARGEST_INPUT - 1, LARGEST_INPUT]) {
      const start = random.below(LARGEST_INPUT - length + 1)
      expect(kernel.checksum(bytes, start, start + length), `${length} bytes`).toBe(
        crc32c(bytes, start, start + length),
      )
    }
  })

  test('is passed over for what is small, and for what is larger than it', () => {
    const bytes = new Uint8Array(LARGEST_INPUT + 100).fill(7)
    for (const length of [0, 1, 511, 512, LARGEST_INPUT, LARGEST_INPUT + 1, LARGEST_INPUT + 100]) {
      expect(blockChecksum(bytes, 0, length)).toBe(crc32c(bytes, 0, length))
    }
  })

  test('takes no more than it has room for', () => {
    const kernel = blockKernel()!
    expect(kernel.decompress(new Uint8Array(LARGEST_INPUT), 0, LARGEST_INPUT, LARGEST_INPUT + 1)).toBeUndefined()
    expect(kernel.decompress(new Uint8Array(100_000), 0, 100_000, 10)).toBeUndefined()
  })

  test.each([
    ['there is no WebAssembly', undefined],
    [
      'nothing may be compiled',
      {
        Module: class {
          readonly compiled = refuse()
        },
        Instance: class {
          readonly exports = refuse()
        },
      },
    ],
  ])('is not there where %s', (_, global) => {
    expect(BlockKernel.create(global)).toBeUndefined()
  })
})

function refuse(): never {
  throw new Error('disallowed by the content security policy')
}
