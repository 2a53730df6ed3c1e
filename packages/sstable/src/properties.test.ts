import { LsmError } from '@lsm/base'
import { Random, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { decodeProperties, encodeProperties, type TableProperties } from './properties.ts'

const PROPERTIES: TableProperties = {
  codec: 'snappy',
  createdAt: 1_700_000_000_000,
  creator: 'lsm 1.0.0 – ünïcode',
  dataSize: 2 ** 40,
  deletions: 0,
  entries: 1,
  filterSize: 127,
  indexSize: 128,
  largestSequence: Number.MAX_SAFE_INTEGER,
  rawKeySize: 300,
  rawValueSize: 2 ** 32,
  smallestSequence: 2 ** 31,
}

const ENCODED = encodeProperties(PROPERTIES)

/** A block of these pairs, in this order; a value is a text or bytes. */
function block(pairs: readonly (readonly [name: string, value: string | readonly number[]])[]): Uint8Array {
  const slices = pairs.flat().map(part => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part)))
  return Uint8Array.from(slices.flatMap(slice => [slice.length, ...slice]))
}

const PAIRS = [
  ['codec', ''],
  ['createdAt', [1]],
  ['creator', 'x'],
  ['dataSize', [2]],
  ['deletions', [3]],
  ['entries', [4]],
  ['filterSize', [5]],
  ['indexSize', [6]],
  ['largestSequence', [7]],
  ['rawKeySize', [8]],
  ['rawValueSize', [9]],
  ['smallestSequence', [10]],
] as const

test('what goes in comes out', () => {
  expect(decodeProperties(ENCODED, 'f', 0)).toEqual(PROPERTIES)
})

test('the bytes', () => {
  const properties = decodeProperties(block(PAIRS), 'f', 0)
  expect(Object.values(properties)).toEqual(['', 1, 'x', 2, 3, 4, 5, 6, 7, 8, 9, 10])
  expect(encodeProperties(properties)).toEqual(block(PAIRS))
})

test('unknown names are skipped, wherever they stand and whatever they hold', () => {
  const known = decodeProperties(block(PAIRS), 'f', 0)
  for (const name of ['__proto__', 'A', 'constructor', 'd', 'entriesAndMore', 'toString', 'zzz']) {
    const pairs = [...PAIRS, [name, [0xff, 0xff]] as const].sort(([a], [b]) => (a < b ? -1 : 1))
    expect(decodeProperties(block(pairs), 'f', 0)).toEqual(known)
  }
})

describe('refuses, with the place,', () => {
  const cases: [string, Uint8Array, RegExp][] = [
    ['nothing', new Uint8Array(0), /property codec is missing \(000005.ldb at offset 100\)/],
    ['a missing name', block(PAIRS.slice(0, 11)), /property smallestSequence is missing/],
    ['names out of order', block([PAIRS[1], PAIRS[0], ...PAIRS.slice(2)]), /out of order \(000005.ldb at offset 118\)/],
    ['a name twice', block([PAIRS[0], ...PAIRS]), /out of order/],
    ['an empty name', block([['', ''], ...PAIRS]), /out of order/],
    ['a number of no bytes', block([PAIRS[0], ['createdAt', []], ...PAIRS.slice(2)]), /1 bytes expected, 0 left/],
    ['bytes behind a number', block([PAIRS[0], ['createdAt', [1, 1]], ...PAIRS.slice(2)]), /bytes after its number/],
    ['a number without an end', block([PAIRS[0], ['createdAt', [0x80]], ...PAIRS.slice(2)]), /1 bytes expected/],
    ['a text that is not UTF-8', block([['codec', [0xff]], ...PAIRS.slice(1)]), /not UTF-8/],
    ['a name that is not UTF-8', Uint8Array.of(1, 0xff, 0), /not UTF-8/],
    ['a name alone', Uint8Array.of(1, 0x61), /expected/],
    ['a length of 4 GiB', Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f), /4294967295 bytes expected, 0 left/],
  ]
  test.each(cases)('%s', (_name, bytes, message) => {
    const error = failure(bytes)
    expect(error?.code).toBe('LSM_CORRUPTION')
    expect(error?.message).toMatch(message)
    expect(error?.file).toBe('000005.ldb')
    expect(error?.offset).toBeGreaterThanOrEqual(100)
  })

  test('a number above 2^53 - 1', () => {
    const bytes = block([PAIRS[0], ['createdAt', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]], ...PAIRS.slice(2)])
    expect(failure(bytes)?.message).toMatch(/above 2\^53 - 1 \(000005.ldb at offset 126\)/)
  })

  test('every cut', () => {
    for (let end = 0; end < ENCODED.length; end++) expect(failure(ENCODED.slice(0, end))?.code).toBe('LSM_CORRUPTION')
  })
})

test(`mutations give properties or LSM_CORRUPTION, seed ${testSeed(1)}`, () => {
  const random = new Random(testSeed(1))
  for (let round = 0; round < 5000; round++) {
    const bytes = ENCODED.slice()
    for (let changes = random.between(1, 3); changes > 0; changes--)
      bytes[random.below(bytes.length)] = random.below(256)
    expect(['LSM_CORRUPTION', undefined]).toContain(failure(bytes)?.code)
  }
})

/** The error of decoding; anything but an `LsmError` goes through. */
function failure(bytes: Uint8Array): LsmError | undefined {
  try {
    decodeProperties(bytes, '000005.ldb', 100)
    return undefined
  } catch (error) {
    if (error instanceof LsmError) return error
    throw error
  }
}
