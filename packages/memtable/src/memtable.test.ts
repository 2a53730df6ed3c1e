import {
  ABSENT,
  DELETED,
  equalBytes,
  FOUND,
  FoundValue,
  LookupKey,
  LsmError,
  MAX_SEQUENCE,
  TYPE_DELETION,
  TYPE_VALUE,
  VALID,
} from '@lsm/base'
import { Random, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { MemTable } from './memtable.ts'

const text = new TextEncoder()
const lookup = new LookupKey()
const found = new FoundValue()

describe('find', () => {
  const reused = MemTable.create(1 << 20)

  test.each([1, 2, 3, 4, 5])('answers as a model does under every snapshot, in memory of before, seed +%i', extra => {
    const random = new Random(testSeed(100) + extra)
    const model = new Map<string, { sequence: number; value: Uint8Array | undefined }[]>()
    const table = reused
    table.reset()
    const keys = someKeys(random, 80)
    for (let sequence = 1; sequence <= 600; sequence++) {
      const key = random.pick(keys)
      const value = random.oneIn(4) ? undefined : random.bytes(random.skewed(50))
      put(table, sequence, key, value)
      const versions = model.get(String(key)) ?? []
      model.set(String(key), [{ sequence, value }, ...versions])
    }
    for (let snapshot = 0; snapshot <= 601; snapshot += random.between(1, 9)) {
      for (const key of keys) {
        const version = model.get(String(key))?.find(({ sequence }) => sequence <= snapshot)
        const expected = version === undefined ? ABSENT : (version.value ?? DELETED)
        expect(get(table, key, snapshot), `${String(key)} at ${snapshot}, seed ${random.seed}`).toEqual(expected)
      }
    }
  })

  test('says absent of what was not added, whatever is near it', () => {
    const random = new Random(testSeed(9))
    const table = MemTable.create(1 << 20)
    const keys = someKeys(random, 500)
    const there = new Set(keys.map(String))
    for (const [i, key] of keys.entries()) put(table, i + 1, key, key)
    for (const key of keys) {
      for (const other of neighbours(key)) {
        expect(get(table, other)).toEqual(there.has(String(other)) ? other : ABSENT)
      }
    }
  })

  test('in an empty table', () => {
    const table = MemTable.create(0)
    expect(table.capacity).toBe(4096)
    expect(get(table, new Uint8Array(0))).toBe(ABSENT)
    expect(get(table, text.encode('a'))).toBe(ABSENT)
  })
})

describe('keys and values of every shape', () => {
  const long = new Random(5).bytes(65_536)
  const altered = Uint8Array.from(long, (byte, i) => (i === 65_535 ? byte ^ 1 : byte))
  const shapes: [string, Uint8Array[]][] = [
    ['the empty key', [new Uint8Array(0)]],
    ['the empty key among others', [text.encode('a'), new Uint8Array(0), text.encode('b')]],
    ['every byte', Array.from({ length: 256 }, (_, i) => Uint8Array.of(i))],
    [
      'every byte, last first, and the key before them',
      [...Array.from({ length: 256 }, (_, i) => Uint8Array.of(7, 255 - i)), Uint8Array.of(7)],
    ],
    ['prefixes of each other', Array.from({ length: 300 }, (_, i) => new Uint8Array(i))],
    ['prefixes of each other, longest first', Array.from({ length: 300 }, (_, i) => new Uint8Array(299 - i))],
    ['64 KiB, differing in the last byte', [long, altered, long.subarray(0, 65_535), long.subarray(0, 1)]],
    [
      'fan-outs of 4, 5, 16, 17, 51, 52',
      [4, 5, 16, 17, 51, 52].flatMap(n => Array.from({ length: n }, (_, i) => Uint8Array.of(n, (i * 97) & 255, 9))),
    ],
  ]
  test.each(shapes)('%s', (_, keys) => {
    const table = MemTable.create(4 << 20)
    for (const [i, key] of keys.entries()) {
      put(table, i + 1, key, Uint8Array.of(i, i >> 8))
      expect(get(table, key)).toEqual(Uint8Array.of(i, i >> 8))
    }
    for (const [i, key] of keys.entries()) expect(get(table, key)).toEqual(Uint8Array.of(i, i >> 8))
    const iterator = table.iterator()
    let count = 0
    for (let move = iterator.seekToFirst(); move === VALID; move = iterator.next()) count++
    expect(count).toBe(keys.length)
  })

  test('a value of 1 MB, and one of no bytes', () => {
    const table = MemTable.create(MemTable.capacityFor(1_000_002, 2))
    const value = new Random(1).bytes(1_000_000)
    put(table, 1, text.encode('a'), value)
    put(table, 2, text.encode('b'), new Uint8Array(0))
    lookup.assign(text.encode('a'), 2)
    expect(table.find(lookup, found)).toBe(FOUND)
    expect(equalBytes(found.bytes, found.start, found.end, value, 0, value.length)).toBe(true)
    expect(get(table, text.encode('b'))).toEqual(new Uint8Array(0))
  })

  test('a table of 128 MiB, filled by one value', () => {
    const size = 128 << 20
    const table = MemTable.create(MemTable.capacityFor(size, 1))
    const bytes = new Uint8Array(size)
    bytes[0] = 1
    bytes[size - 1] = 2
    table.add(1, TYPE_VALUE, bytes, 0, 1, 1, size)
    lookup.assign(Uint8Array.of(1), 1)
    expect(table.find(lookup, found)).toBe(FOUND)
    expect([found.end - found.start, found.bytes[found.end - 1]]).toEqual([size - 1, 2])
    expect(table.fits(1000, 1)).toBe(false)
  })
})

describe('counting and refusing', () => {
  test('entries, deletions and memory are counted', () => {
    const table = MemTable.create(10_000)
    expect([table.entries, table.deletions, table.memoryUsage, table.capacity]).toEqual([0, 0, 32, 10_048])
    put(table, 1, text.encode('abcd'), text.encode('12345678'))
    expect(table.memoryUsage).toBe(32 + 20 + 12)
    put(table, 2, text.encode('abcd'), undefined)
    expect(table.memoryUsage).toBe(32 + 20 + 12 + 20 + 4)
    put(table, 3, text.encode('abce'), undefined)
    expect(table.memoryUsage).toBe(32 + 20 + 12 + 2 * (20 + 4) + 32)
    expect([table.entries, table.deletions]).toEqual([3, 2])
  })

  test('the memory of outgrown nodes is used again', () => {
    const table = MemTable.create(10_000)
    const grow = (first: number, count: number): number => {
      const before = table.memoryUsage
      for (let i = 0; i < count; i++) put(table, table.entries + 1, Uint8Array.of(first, 0, i, 0), undefined)
      return table.memoryUsage - before - 24 * count
    }
    expect(grow(1, 4)).toBe(32)
    expect(grow(2, 5)).toBe(2 * 32 + 96)
    expect(grow(3, 4)).toBe(0)
    expect(grow(4, 4)).toBe(32)
  })

  test('what does not fit is refused and leaves no trace', () => {
    const table = MemTable.create(4096)
    put(table, 1, text.encode('a'), new Uint8Array(3000))
    const before = table.memoryUsage
    expect(() => put(table, 2, text.encode('b'), new Uint8Array(1100))).toThrow(
      expect.objectContaining({ code: 'LSM_LIMIT' }),
    )
    const exact = table.capacity - table.memoryUsage - 21
    expect(() => put(table, 2, text.encode('b'), new Uint8Array(exact))).toThrow(LsmError)
    expect([table.memoryUsage, table.entries]).toEqual([before, 1])
    expect(get(table, text.encode('b'))).toBe(ABSENT)
    put(table, 2, text.encode('b'), new Uint8Array(exact - 32))
    expect(get(table, text.encode('b'))).toEqual(new Uint8Array(exact - 32))
  })

  test('sequence numbers of a key must ascend', () => {
    const table = MemTable.create(4096)
    put(table, 5, text.encode('a'), undefined)
    const before = table.memoryUsage
    for (const sequence of [4, 5])
      expect(() => put(table, sequence, text.encode('a'), text.encode('x'))).toThrow(TypeError)
    expect([table.memoryUsage, table.entries, get(table, text.encode('a'))]).toEqual([before, 1, DELETED])
  })

  test('a capacity must be a whole number up to 2 GiB', () => {
    for (const capacity of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => MemTable.create(capacity)).toThrow(TypeError)
    }
    expect(() => MemTable.create(2 ** 31 + 1)).toThrow(expect.objectContaining({ code: 'LSM_LIMIT' }))
  })

  test('a table that was reset counts from the beginning and takes as much as a new one', () => {
    const table = MemTable.create(4096)
    const fill = (): number => {
      let sequence = 0
      while (table.fits(10, 1))
        put(table, ++sequence, Uint8Array.of(sequence >> 8, sequence, 1, 2, 3), new Uint8Array(5))
      return sequence
    }
    const first = fill()
    table.freeze()
    table.reset()
    expect(table).toMatchObject({ entries: 0, deletions: 0, frozen: false, memoryUsage: 32 })
    expect(get(table, Uint8Array.of(0, 1, 1, 2, 3))).toBe(ABSENT)
    expect(table.iterator().seekToFirst()).not.toBe(VALID)
    expect(fill()).toBe(first)
  })

  test('a frozen table takes nothing more, and only a frozen one is shared', () => {
    const table = MemTable.create(4096)
    put(table, 1, text.encode('a'), undefined)
    expect(() => table.share()).toThrow(expect.objectContaining({ code: 'LSM_NOT_SUPPORTED' }))
    table.freeze()
    table.freeze()
    expect([table.frozen, table.fits(1, 1)]).toEqual([true, false])
    expect(() => put(table, 2, text.encode('a'), undefined)).toThrow(expect.objectContaining({ code: 'LSM_READ_ONLY' }))
    const twin = MemTable.fromShared(table.share())
    expect([twin.frozen, twin.entries, twin.deletions, twin.memoryUsage]).toEqual([true, 1, 1, table.memoryUsage])
    expect(twin.share()).toEqual(table.share())
    expect(get(twin, text.encode('a'))).toBe(DELETED)
  })
})

/** Adds a version; `undefined` deletes. */
function put(table: MemTable, sequence: number, key: Uint8Array, value: Uint8Array | undefined): void {
  const bytes = new Uint8Array(key.length + (value?.length ?? 0) + 3)
  bytes.set(key, 1)
  if (value !== undefined) bytes.set(value, key.length + 3)
  const type = value === undefined ? TYPE_DELETION : TYPE_VALUE
  table.add(sequence, type, bytes, 1, key.length + 1, key.length + 3, bytes.length)
}

function get(table: MemTable, key: Uint8Array, sequence = MAX_SEQUENCE): Uint8Array | number {
  lookup.assign(key, sequence)
  const answer = table.find(lookup, found)
  return answer === FOUND ? found.bytes.slice(found.start, found.end) : answer
}

/** Distinct keys: short ones over few bytes, so that many are prefixes of others, and some random ones. */
function someKeys(random: Random, count: number): Uint8Array[] {
  const keys = new Map<string, Uint8Array>()
  while (keys.size < count) {
    const key = random.oneIn(4) ? random.bytes(random.below(20)) : random.bytes(random.skewed(12), 3)
    keys.set(String(key), key)
  }
  return [...keys.values()]
}

/** Keys that differ little from a key. */
function neighbours(key: Uint8Array): Uint8Array[] {
  const longer = new Uint8Array(key.length + 1)
  longer.set(key)
  const all = [key, longer, key.slice(0, -1)]
  for (let i = 0; i < key.length; i++) all.push(key.with(i, key[i] ^ 1), key.with(i, key[i] ^ 128))
  return all
}
