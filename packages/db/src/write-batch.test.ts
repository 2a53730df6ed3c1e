import { ABSENT, DELETED, FOUND, FoundValue, LookupKey, type LsmError } from '@lsm/base'
import { MemTable } from '@lsm/memtable'
import { Random, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { checkBatch, insertBatch, WriteBatch } from './write-batch.ts'

const hex = (batch: WriteBatch): string => Buffer.from(batch.bytes.subarray(0, batch.length)).toString('hex')

test("the bytes are the format's", () => {
  const batch = new WriteBatch()
  batch.put('foo', 'one')
  batch.del(Uint8Array.of(0xff))
  batch.number(1)
  expect(hex(batch)).toBe(['0100000000000000', '02000000', '01', '03666f6f', '036f6e65', '00', '01ff'].join(''))
})

test.each([0, 1, 127, 128, 16_383, 16_384, 70_000, 2_097_152])('a value of %i bytes', size => {
  for (const value of [new Uint8Array(size).fill(0x61), 'a'.repeat(size)]) {
    const batch = new WriteBatch(16)
    batch.put('k', value)
    batch.put('after', 'x')
    batch.number(7)
    const stored = checkBatch(batch.bytes, 0, batch.length, 'f', 0)
    expect(stored).toEqual({ sequence: 7, count: 2, userBytes: 1 + size + 6 })
    const memtable = MemTable.create(MemTable.capacityFor(batch.length, 2))
    insertBatch(batch.bytes, 0, 7, 2, memtable)
    const [key, found] = [new LookupKey(), new FoundValue()]
    key.assign(new TextEncoder().encode('k'), 100)
    expect(memtable.find(key, found)).toBe(FOUND)
    expect(found.end - found.start).toBe(size)
  }
})

test('batches join, roll back and are used again', () => {
  const [batch, other] = [new WriteBatch(), new WriteBatch()]
  batch.put('a', '1')
  const { length, count } = batch
  other.del('a')
  batch.append(other)
  expect(batch.count).toBe(2)
  batch.rollBack(length, count)
  batch.number(3)
  const memtable = MemTable.create(4096)
  insertBatch(batch.bytes, 0, 3, batch.count, memtable)
  const [key, found] = [new LookupKey(), new FoundValue()]
  key.assign(new TextEncoder().encode('a'), 3)
  expect(memtable.find(key, found)).toBe(FOUND)
  key.assign(new TextEncoder().encode('a'), 2)
  expect(memtable.find(key, found)).toBe(ABSENT)
  batch.clear()
  batch.del('a')
  insertBatch(batch.bytes, 0, 4, 1, memtable)
  key.assign(new TextEncoder().encode('a'), 9)
  expect(memtable.find(key, found)).toBe(DELETED)
})

describe('a batch from disk', () => {
  const check = (...bytes: number[]): string => {
    try {
      checkBatch(Uint8Array.from(bytes), 0, bytes.length, 'f', 0)
      return 'no error'
    } catch (error) {
      return (error as LsmError).message
    }
  }
  const header = (count: number): number[] => [1, 0, 0, 0, 0, 0, 0, 0, count, 0, 0, 0]

  test.each<[string, number[], RegExp]>([
    ['without a whole header', [1, 0, 0], /shorter than the header/],
    ['with fewer operations than it says', [...header(2), 0, 1, 97], /says 2 operations and holds 1/],
    ['with more operations than it says', [...header(1), 0, 1, 97, 0, 1, 98], /says 1 operations and holds 2/],
    ['with an unknown operation', [...header(1), 2, 1, 97], /unknown type 2/],
    ['with a key past its end', [...header(1), 0, 5, 97], /5 bytes expected/],
    ['with a value past its end', [...header(1), 1, 1, 97, 9, 1], /9 bytes expected/],
    ['with a count of 2^32 - 1', [1, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255], /holds 0/],
    ['with a sequence beyond 2^53', [0, 0, 0, 0, 0, 0, 0x20, 0, 1, 0, 0, 0, 0, 0], /2\^53/],
    [
      'with a sequence that grows beyond 2^53',
      [255, 255, 255, 255, 255, 255, 0x1f, 0, 2, 0, 0, 0, 0, 0, 0, 0],
      /2\^53/,
    ],
  ])('%s is refused', (_, bytes, message) => {
    expect(check(...bytes)).toMatch(message)
  })

  test('however it is damaged, is refused with a code or is well-formed', () => {
    const random = new Random(testSeed(5))
    const batch = new WriteBatch()
    for (let i = 0; i < 10; i++) {
      if (random.oneIn(3)) batch.del(random.bytes(random.below(8)))
      else batch.put(random.bytes(random.below(8)), random.bytes(random.below(200)))
    }
    batch.number(12)
    for (let round = 0; round < 3000; round++) {
      const bytes = batch.bytes.slice(0, random.oneIn(3) ? random.below(batch.length) : batch.length)
      for (let flips = random.between(1, 3); flips > 0 && bytes.length > 0; flips--) {
        bytes[random.below(bytes.length)] = random.below(256)
      }
      try {
        const { count, userBytes } = checkBatch(bytes, 0, bytes.length, 'f', 0)
        insertBatch(bytes, 0, 1, count, MemTable.create(MemTable.capacityFor(userBytes, count)))
      } catch (error) {
        expect((error as LsmError).code, `round ${round}, seed ${random.seed}`).toBe('LSM_CORRUPTION')
      }
    }
  })
})
