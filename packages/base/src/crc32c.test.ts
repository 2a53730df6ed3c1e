import { describe, expect, test } from 'vitest'

import { crc32c, maskCrc, unmaskCrc } from './crc32c.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** One bit at a time, as the definition says. */
function slowly(data: Uint8Array): number {
  let crc = 0xffff_ffff
  for (const byte of data) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1
  }
  return ~crc >>> 0
}

describe('CRC-32C', () => {
  test.each([
    ['nothing', new Uint8Array(0), 0],
    ['digits', bytes('123456789'), 0xe306_9283],
    ['32 zeros', new Uint8Array(32), 0x8a91_36aa],
    ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8_ab43],
  ])('of %s', (_, data, expected) => {
    expect(crc32c(data, 0, data.length)).toBe(expected)
  })

  test('is the definition at every length and offset around the stride', () => {
    const data = Uint8Array.from({ length: 100 }, (_, i) => (i * 167 + 13) & 255)
    for (let start = 0; start < 20; start++) {
      for (let end = start; end <= data.length; end++) {
        expect(crc32c(data, start, end)).toBe(slowly(data.subarray(start, end)))
      }
    }
  })

  test('chains pieces through the seed', () => {
    const data = bytes('hello, checksummed world')
    expect(crc32c(data, 7, data.length, crc32c(data, 0, 7))).toBe(crc32c(data, 0, data.length))
  })

  test('masks and unmasks', () => {
    expect(maskCrc(0xe306_9283)).toBe(0xc78a_b0e5)
    expect(maskCrc(0)).toBe(0xa282_ead8)
    for (const crc of [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xe306_9283]) {
      expect(unmaskCrc(maskCrc(crc))).toBe(crc)
      expect(maskCrc(crc)).not.toBe(crc)
    }
  })
})
