import { ByteReader } from '@lsm/base'
import { describe, expect, test } from 'vitest'

import { bytes, concat, footer, handle, sealed } from '../test/support.ts'
import {
  checksumMatches,
  decodeFooter,
  encodeFooter,
  FOOTER_SIZE,
  LARGEST_HANDLE,
  putHandle,
  putTrailer,
  readHandle,
} from './table-format.ts'

const ZEROS = new Uint8Array(36)
const MAGIC = bytes('57 fb 80 8b 24 75 47 db')

describe('footer', () => {
  test('is written and read as LevelDB writes it', () => {
    const golden = concat(bytes('4d 08 5a 16'), ZEROS, MAGIC)
    const parts = { metaindex: { offset: 77, size: 8 }, index: { offset: 90, size: 22 } }
    expect(encodeFooter(parts)).toEqual(golden)
    expect(decodeFooter(golden, '000005.sst', 117)).toEqual(parts)
  })

  test('holds the greatest numbers', () => {
    const most = { offset: Number.MAX_SAFE_INTEGER, size: Number.MAX_SAFE_INTEGER }
    const encoded = encodeFooter({ metaindex: most, index: most })
    expect(encoded.length).toBe(FOOTER_SIZE)
    expect(encoded.slice(40)).toEqual(MAGIC)
    expect(putHandle(new Uint8Array(20), 0, most)).toBe(LARGEST_HANDLE)
  })

  test.each<[string, Uint8Array, string]>([
    ['another magic number', concat(bytes('4d 08 5a 16'), ZEROS, bytes('56 fb 80 8b 24 75 47 db')), 'LSM_CORRUPTION'],
    [
      "RocksDB's magic number",
      concat(bytes('4d 08 5a 16'), ZEROS, bytes('f7 cf f4 85 b7 41 e2 88')),
      'LSM_NOT_SUPPORTED',
    ],
    ['padding that is not zero', concat(bytes('4d 08 5a 16'), ZEROS.with(35, 1), MAGIC), 'LSM_CORRUPTION'],
    ['an endless number', concat(new Uint8Array(40).fill(0x80), MAGIC), 'LSM_CORRUPTION'],
    [
      'a number above 2^53',
      concat(bytes('ff ff ff ff ff ff ff ff 7f 08 5a 16'), new Uint8Array(28), MAGIC),
      'LSM_CORRUPTION',
    ],
    ['an index behind the file', footer(handle(77, 8), handle(1000, 22)), 'LSM_CORRUPTION'],
    ['an index that ends in the footer', footer(handle(77, 8), handle(90, 23)), 'LSM_CORRUPTION'],
    ['a metaindex that ends in the footer', footer(handle(77, 36), handle(90, 22)), 'LSM_CORRUPTION'],
    ['a huge size', footer(handle(0, 2 ** 53 - 1), handle(90, 22)), 'LSM_CORRUPTION'],
    ['a huge offset', footer(handle(77, 8), handle(2 ** 53 - 1, 0)), 'LSM_CORRUPTION'],
  ])('with %s is refused', (_, encoded, code) => {
    expect(() => decodeFooter(encoded, '000005.sst', 117)).toThrowError(
      expect.objectContaining({ code, file: '000005.sst', offset: expect.any(Number) }),
    )
  })
})

describe('handle', () => {
  test.each([
    [0, 0, 5, true],
    [0, 0, 4, false],
    [0, 1, 5, false],
    [10, 20, 35, true],
    [10, 20, 34, false],
    [11, 20, 35, false],
  ])('at %i of size %i before %i', (offset, size, limit, fits) => {
    const encoded = handle(offset, size)
    const read = (): unknown => readHandle(new ByteReader(encoded, 0, encoded.length, 'f', 0), limit)
    if (fits) expect(read()).toEqual({ offset, size })
    else expect(read).toThrowError(expect.objectContaining({ code: 'LSM_CORRUPTION' }))
  })
})

describe('trailer', () => {
  test.each([
    ['of a metaindex without filters', '00 00 00 00 01 00 00 00', '00 c0 f2 a1 b0'],
    ['of an index', "00 09 02 'g' 01 ff ff ff ff ff ff ff 00 48 00 00 00 00 01 00 00 00", '00 64 f8 40 17'],
  ])('%s is that of LevelDB', (_, contents, trailer) => {
    const stored = concat(bytes(contents), new Uint8Array(5))
    putTrailer(stored, 0, stored.length - 5, 0)
    expect(stored.slice(-5)).toEqual(bytes(trailer))
    expect(stored).toEqual(sealed(bytes(contents)))
    expect(checksumMatches(stored, stored.length - 5)).toBe(true)
    for (let at = 0; at < stored.length; at++)
      expect(checksumMatches(stored.with(at, stored[at] ^ 4), stored.length - 5)).toBe(false)
  })
})
