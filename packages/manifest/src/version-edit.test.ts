import { LsmError } from '@lsm/base'
import { Random, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { key, table } from '../test/tables.ts'
import { VersionEdit } from './version-edit.ts'

describe('the bytes', () => {
  test('of the records that LevelDB wrote in 2012', () => {
    const snapshot = new VersionEdit()
    snapshot.comparator = 'leveldb.BytewiseComparator'
    expect(text(snapshot.encode())).toBe('\x01\x1aleveldb.BytewiseComparator')

    const flush = new VersionEdit()
    flush.logNumber = 6
    flush.prevLogNumber = 0
    flush.nextFileNumber = 7
    flush.lastSequence = 5
    const smallest = bytes('bar\x00\x05\x00\x00\x00\x00\x00\x00')
    const largest = bytes('foo\x01\x01\x00\x00\x00\x00\x00\x00')
    flush.added.push({ level: 0, file: { number: 5, size: 165, smallest, largest } })
    const golden =
      '\x02\x06\x09\x00\x03\x07\x04\x05\x07\x00\x05\xa5\x01' +
      '\x0bbar\x00\x05\x00\x00\x00\x00\x00\x00\x0bfoo\x01\x01\x00\x00\x00\x00\x00\x00'
    expect(text(flush.encode())).toBe(golden)
    expect(decode(bytes(golden))).toEqual(flush)
  })

  test('of every field: LevelDB’s order 1, 2, 9, 3, 4, 5, 6, 7', () => {
    const edit = new VersionEdit()
    edit.added.push({ level: 6, file: table(300, 'a', 'b') })
    edit.removed.push({ level: 1, number: 2 })
    edit.compactPointers.push({ level: 2, key: key('p') })
    edit.lastSequence = 3
    edit.nextFileNumber = 4
    edit.prevLogNumber = 5
    edit.logNumber = 6
    edit.comparator = 'c'
    const fields = [
      '\x01\x01c\x02\x06\x09\x05\x03\x04\x04\x03',
      '\x05\x02\x09p\x01\x09\x00\x00\x00\x00\x00\x00',
      '\x06\x01\x02',
      '\x07\x06\xac\x02\x90\x03\x09a\x01\x09\x00\x00\x00\x00\x00\x00\x09b\x01\x09\x00\x00\x00\x00\x00\x00',
    ]
    expect(text(edit.encode())).toBe(fields.join(''))
  })
})

describe('decoding', () => {
  test('gives back what was encoded', () => {
    const random = new Random(testSeed(1))
    for (let round = 0; round < 300; round++) {
      const edit = randomEdit(random)
      expect(decode(edit.encode()), `seed ${random.seed}`).toEqual(edit)
    }
  })

  test('takes the last of a scalar, in any order', () => {
    expect(decode(bytes('\x04\x09\x02\x01\x02\x05\x03\x08'))).toMatchObject({
      logNumber: 5,
      nextFileNumber: 8,
      lastSequence: 9,
      comparator: undefined,
    })
  })

  test('keeps nothing of the array it read from', () => {
    const edit = new VersionEdit()
    edit.added.push({ level: 0, file: table(1, 'a', 'b') })
    const encoded = edit.encode()
    const decoded = decode(encoded)
    encoded.fill(0)
    expect(decoded).toEqual(edit)
  })

  for (const [what, record] of [
    ['tag 0', '\x00'],
    ['tag 8', '\x08'],
    ['tag 10', '\x0a'],
    ['a tag of five bytes', '\x81\x80\x80\x80\x10'],
    ['a varint without end', '\x02\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80'],
    ['a number above 2^53 - 1', '\x02\x80\x80\x80\x80\x80\x80\x80\x10'],
    ['a sequence number above 2^53 - 1', '\x04\xff\xff\xff\xff\xff\xff\xff\x7f'],
    ['level 7 added', '\x07\x07\x01\x01\x08aaaaaaaa\x08aaaaaaaa'],
    ['level 7 removed', '\x06\x07\x01'],
    ['level 7 pointed to', '\x05\x07\x08aaaaaaaa'],
    ['a smallest key of 7 bytes', '\x07\x00\x01\x01\x07aaaaaaa\x08aaaaaaaa'],
    ['a largest key of 7 bytes', '\x07\x00\x01\x01\x08aaaaaaaa\x07aaaaaaa'],
    ['an empty pointer', '\x05\x01\x00'],
    ['a key longer than the record', '\x05\x01\x7faaaaaaaa'],
    ['a key of 4 GiB', '\x05\x01\xff\xff\xff\xff\x0faaaaaaaa'],
  ] as const) {
    test(`refuses ${what}`, () => {
      expect(() => decode(bytes(record))).toThrow(
        expect.objectContaining({ code: 'LSM_CORRUPTION', file: 'MANIFEST-000001' }),
      )
    })
  }

  test('refuses every truncation inside a field, naming the place', () => {
    const edit = new VersionEdit()
    edit.added.push({ level: 3, file: table(77, 'aaaa', 'bbbb') })
    const encoded = edit.encode()
    for (let length = 1; length < encoded.length; length++) {
      let caught: unknown
      try {
        decode(encoded.subarray(0, length), 1000)
      } catch (error) {
        caught = error
      }
      expect(caught).toMatchObject({ code: 'LSM_CORRUPTION' })
      expect((caught as LsmError).offset).toBeGreaterThanOrEqual(1000)
      expect((caught as LsmError).offset).toBeLessThanOrEqual(1000 + length)
    }
  })

  test('of mutated bytes gives an edit or an LsmError', () => {
    const random = new Random(testSeed(2))
    for (let round = 0; round < 5000; round++) {
      const encoded = randomEdit(random).encode().slice()
      for (let changes = random.between(1, 4); changes > 0 && encoded.length > 0; changes--) {
        encoded[random.below(encoded.length)] = random.pick([0, 1, 7, 8, 0x7f, 0x80, 0xff, random.below(256)])
      }
      try {
        decode(encoded.subarray(0, random.between(0, encoded.length)))
      } catch (error) {
        expect(error, `seed ${random.seed}, round ${round}`).toBeInstanceOf(LsmError)
      }
    }
  })
})

function decode(record: Uint8Array, offset = 0): VersionEdit {
  return VersionEdit.decode(record, 0, record.length, 'MANIFEST-000001', offset)
}

function randomEdit(random: Random): VersionEdit {
  const edit = new VersionEdit()
  const number = (): number => random.below(random.pick([10, 300, 1 << 30, Number.MAX_SAFE_INTEGER]))
  const someKey = (): Uint8Array => random.bytes(8 + random.skewed(200))
  if (random.oneIn(2)) edit.comparator = random.pick(['', 'leveldb.BytewiseComparator', 'ü'])
  if (random.oneIn(2)) edit.logNumber = number()
  if (random.oneIn(2)) edit.prevLogNumber = number()
  if (random.oneIn(2)) edit.nextFileNumber = number()
  if (random.oneIn(2)) edit.lastSequence = number()
  for (let i = random.skewed(4); i > 0; i--) edit.compactPointers.push({ level: random.below(7), key: someKey() })
  for (let i = random.skewed(9); i > 0; i--) edit.removed.push({ level: random.below(7), number: number() })
  for (let i = random.skewed(9); i > 0; i--) {
    const file = { number: number(), size: number(), smallest: someKey(), largest: someKey() }
    edit.added.push({ level: random.below(7), file })
  }
  return edit
}

function bytes(latin1: string): Uint8Array {
  return Uint8Array.from(latin1, character => character.charCodeAt(0))
}

function text(array: Uint8Array): string {
  return String.fromCharCode(...array)
}
