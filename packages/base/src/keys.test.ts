import { describe, expect, test } from 'vitest'

import { ByteBuffer, compareBytes, equalBytes, sharedPrefixLength } from './bytes.ts'
import { shortSeparator, shortSuccessor } from './comparator.ts'
import { hashKey } from './hash.ts'
import {
  compareInternalKeys,
  internalKey,
  MAX_SEQUENCE,
  tagHigh,
  tagLow,
  tagSequence,
  tagType,
  TYPE_DELETION,
  TYPE_VALUE,
} from './internal-key.ts'
import { LookupKey } from './lookup.ts'

const bytes = (text: string): Uint8Array => Uint8Array.from(text, c => c.charCodeAt(0))
const text = (key: Uint8Array | undefined): string | undefined => key && String.fromCharCode(...key)

describe('byte strings', () => {
  const inOrder = ['', '\x00', '\x00\x00', '\x00a', 'a', 'a\x00', 'aa', 'ab', 'b', '\x7f', '\x80', '\xff', '\xff\xff']

  test('compare as unsigned bytes, a prefix first', () => {
    for (const [i, left] of inOrder.entries()) {
      for (const [j, right] of inOrder.entries()) {
        const [a, b] = [bytes(`.${left}`), bytes(`..${right}`)]
        expect(Math.sign(compareBytes(a, 1, a.length, b, 2, b.length))).toBe(Math.sign(i - j))
        expect(equalBytes(a, 1, a.length, b, 2, b.length)).toBe(i === j)
      }
    }
  })

  test('share a prefix', () => {
    const [a, b] = [bytes('xabc'), bytes('abd')]
    expect(sharedPrefixLength(a, 1, 4, b, 0, 3)).toBe(2)
    expect(sharedPrefixLength(a, 1, 3, b, 0, 3)).toBe(2)
    expect(sharedPrefixLength(a, 0, 4, b, 0, 3)).toBe(0)
  })

  test('a byte buffer grows and is used again', () => {
    const buffer = new ByteBuffer(4)
    buffer.append(bytes('hello, world, a long one that takes more than a loop'), 0, 52)
    buffer.append(bytes('--!'), 2, 3)
    expect(text(buffer.bytes.slice(0, buffer.length))).toBe('hello, world, a long one that takes more than a loop!')
    buffer.assign(bytes('abc'), 1, 2)
    expect(text(buffer.bytes.slice(0, buffer.length))).toBe('b')
  })
})

describe('short separators', () => {
  test.each([
    ['abcdef', 'abzz', 'abd'],
    ['abcdef', 'abd', undefined],
    ['abcdef', 'abe', 'abd'],
    ['abc', 'abcd', undefined],
    ['abcd', 'abc', undefined],
    ['ab', 'az', undefined],
    ['ab\xffzz', 'ab\xff\xffa', 'ab\xff{'],
    ['a\xffb', 'b', undefined],
    ['', 'a', undefined],
    ['same', 'same', undefined],
  ])('between %j and %j is %j', (a, b, expected) => {
    const [from, to] = [bytes(a), bytes(b)]
    const separator = shortSeparator(from, 0, from.length, to, 0, to.length)
    expect(text(separator)).toBe(expected)
    if (separator === undefined) return
    expect(compareBytes(separator, 0, separator.length, from, 0, from.length)).toBeGreaterThan(0)
    expect(compareBytes(separator, 0, separator.length, to, 0, to.length)).toBeLessThan(0)
  })

  test.each([
    ['abc', 'b'],
    ['\xff\xffabc', '\xff\xffb'],
    ['\xff\xff', undefined],
    ['a', undefined],
    ['', undefined],
  ])('after %j is %j', (a, expected) => {
    const key = bytes(a)
    expect(text(shortSuccessor(key, 0, key.length))).toBe(expected)
  })
})

describe('internal keys', () => {
  test.each([0, 1, 2 ** 24 - 1, 2 ** 24, 2 ** 32, 2 ** 40 + 12_345, MAX_SEQUENCE])('carry sequence %d', sequence => {
    for (const type of [TYPE_DELETION, TYPE_VALUE]) {
      const key = internalKey(bytes('user'), sequence, type)
      expect(key.length).toBe(12)
      expect(tagSequence(key, key.length)).toBe(sequence)
      expect(tagType(key, key.length)).toBe(type)
      expect(BigInt(tagHigh(sequence)) * 2n ** 32n + BigInt(tagLow(sequence, type))).toBe(
        BigInt(sequence) * 256n + BigInt(type),
      )
    }
  })

  test('order by user key, then newest first', () => {
    const inOrder = [
      internalKey(bytes(''), 5, TYPE_VALUE),
      internalKey(bytes('a'), MAX_SEQUENCE, TYPE_VALUE),
      internalKey(bytes('a'), 2 ** 40, TYPE_VALUE),
      internalKey(bytes('a'), 2 ** 32 + 1, TYPE_DELETION),
      internalKey(bytes('a'), 7, TYPE_VALUE),
      internalKey(bytes('a'), 7, TYPE_DELETION),
      internalKey(bytes('a'), 0, TYPE_DELETION),
      internalKey(bytes('aa'), 9, TYPE_VALUE),
      internalKey(bytes('b'), 1, TYPE_VALUE),
    ]
    for (const [i, a] of inOrder.entries()) {
      for (const [j, b] of inOrder.entries()) {
        expect(Math.sign(compareInternalKeys(a, 0, a.length, b, 0, b.length))).toBe(Math.sign(i - j))
      }
    }
  })

  test('a look-up key is the internal key to seek, and is used again', () => {
    const key = new LookupKey()
    for (const user of ['a', 'k'.repeat(300), '']) {
      key.assign(bytes(user), 42)
      expect(key.bytes.slice(0, key.end)).toEqual(internalKey(bytes(user), 42, TYPE_VALUE))
      expect(key.hash).toBe(hashKey(bytes(user), 0, user.length))
    }
  })
})

describe("LevelDB's hash", () => {
  test.each([
    [[], 0xbc9f_1d34],
    [[0x62], 0xef13_45c4],
    [[0xc3, 0x97], 0x5b66_3814],
    [[0xe2, 0x99, 0xa5], 0x323c_078f],
    [[0xe1, 0x80, 0xb9, 0x32], 0xed21_633a],
  ])('of %j', (data, expected) => {
    const key = Uint8Array.from([9, ...data, 9])
    expect(hashKey(key, 1, key.length - 1)).toBe(expected)
  })
})
