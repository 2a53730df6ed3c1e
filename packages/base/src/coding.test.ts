import { describe, expect, test } from 'vitest'

import { ByteReader, getFixed32, getFixed64, putFixed32, putFixed64, putVarint, varintLength } from './coding.ts'

const reader = (...bytes: number[]): ByteReader => new ByteReader(Uint8Array.from(bytes), 0, bytes.length, 'f', 100)
const code = (call: () => unknown): string => {
  try {
    call()
    return 'no error'
  } catch (error) {
    return `${(error as { code: string }).code} ${(error as { offset: number }).offset}`
  }
}

describe('varints', () => {
  test.each([
    [0, [0]],
    [1, [1]],
    [127, [127]],
    [128, [0x80, 1]],
    [300, [0xac, 2]],
    [16_383, [0xff, 0x7f]],
    [16_384, [0x80, 0x80, 1]],
    [2 ** 31 - 1, [0xff, 0xff, 0xff, 0xff, 7]],
    [2 ** 31, [0x80, 0x80, 0x80, 0x80, 8]],
    [2 ** 32 - 1, [0xff, 0xff, 0xff, 0xff, 0x0f]],
    [2 ** 32, [0x80, 0x80, 0x80, 0x80, 0x10]],
    [Number.MAX_SAFE_INTEGER, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('%d', (value, bytes) => {
    const target = new Uint8Array(12)
    expect(putVarint(target, 1, value)).toBe(1 + bytes.length)
    expect([...target.subarray(1, 1 + bytes.length)]).toEqual(bytes)
    expect(varintLength(value)).toBe(bytes.length)
    expect(reader(...bytes).varint64()).toBe(value)
    if (value < 2 ** 32) expect(reader(...bytes).varint32()).toBe(value)
    else expect(() => reader(...bytes).varint32()).toThrow(/varint/)
  })
})

describe('fixed-width integers', () => {
  test.each([0, 1, 255, 256, 2 ** 31, 2 ** 32 - 1])('fixed32 of %d', value => {
    const target = new Uint8Array(4)
    putFixed32(target, 0, value)
    expect(getFixed32(target, 0)).toBe(value)
    expect(reader(...target).fixed32()).toBe(value)
  })

  test.each([0, 1, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER])('fixed64 of %d', value => {
    const target = new Uint8Array(8)
    putFixed64(target, 0, value)
    expect(getFixed64(target, 0)).toBe(value)
    expect(reader(...target).fixed64()).toBe(value)
  })

  test('a fixed64 beyond 2^53 - 1 is refused, never rounded', () => {
    const target = new Uint8Array(8)
    target[6] = 0x20
    expect(getFixed64(target, 0)).toBe(Number.POSITIVE_INFINITY)
    expect(code(() => reader(...target).fixed64())).toBe('LSM_CORRUPTION 100')
  })
})

describe('a reader of untrusted bytes', () => {
  test.each<[string, () => unknown, string]>([
    ['a byte past the end', () => reader().byte(), 'LSM_CORRUPTION 100'],
    ['a fixed32 past the end', () => reader(1, 2, 3).fixed32(), 'LSM_CORRUPTION 100'],
    ['a fixed64 past the end', () => reader(1, 2, 3, 4, 5, 6, 7).fixed64(), 'LSM_CORRUPTION 100'],
    ['a varint that does not end', () => reader(0x80, 0x80).varint32(), 'LSM_CORRUPTION 102'],
    ['a varint32 of six bytes', () => reader(0x80, 0x80, 0x80, 0x80, 0x80, 0).varint32(), 'LSM_CORRUPTION 105'],
    ['a varint32 above 32 bits', () => reader(0xff, 0xff, 0xff, 0xff, 0x1f).varint32(), 'LSM_CORRUPTION 105'],
    ['a varint64 above 53 bits', () => reader(...Array<number>(9).fill(0xff), 1).varint64(), 'LSM_CORRUPTION 110'],
    ['a slice longer than what is left', () => reader(5, 1, 2, 3, 4).slice(), 'LSM_CORRUPTION 101'],
    ['a slice of 2^32 - 1 bytes', () => reader(0xff, 0xff, 0xff, 0xff, 0x0f).slice(), 'LSM_CORRUPTION 105'],
  ])('refuses %s', (_, call, expected) => {
    expect(code(call)).toBe(expected)
  })

  test('reads one thing after the other and knows what is left', () => {
    const r = reader(7, 2, 0x61, 0x62, 0x81, 1)
    expect(r.byte()).toBe(7)
    expect(r.slice()).toEqual(Uint8Array.of(0x61, 0x62))
    expect(r.remaining).toBe(2)
    expect(r.varint32()).toBe(129)
    expect(r.remaining).toBe(0)
  })
})
