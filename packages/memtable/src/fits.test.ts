import { FOUND, FoundValue, LookupKey, MAX_SEQUENCE, TYPE_VALUE } from '@lsm/base'
import { Random, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { MemTable } from './memtable.ts'

type Keys = (random: Random, i: number) => Uint8Array

const text = new TextEncoder()

/** Kinds of keys, some chosen to make the tree waste as much as it can. */
const KINDS: Record<string, Keys> = {
  random: random => random.bytes(16),
  'random and short': random => random.bytes(random.below(4)),
  decimal: (_, i) => text.encode(String(i).padStart(16, '0')),
  'decimal in random order': random => text.encode(String(random.below(1_000_000)).padStart(16, '0')),
  'one long prefix': (_, i) => text.encode('x'.repeat(300) + i),
  'every byte at every place': (_, i) => Uint8Array.of(i % 251, (i * 7) % 256, (i * 31) % 253, i >> 8, i),
  'a, aa, aaa': (_, i) => new Uint8Array(i % 700).fill(97),
  'pairs that differ in the last byte': (_, i) => Uint8Array.of((i >> 9) & 255, (i >> 1) & 255, i & 1),
  '5 below each node': (_, i) => spread(i, 5),
  '17 below each node': (_, i) => spread(i, 17),
  '52 below each node': (_, i) => spread(i, 52),
  'one more below each of many nodes': (_, i) => Uint8Array.of(i & 255, (i >> 8) & 3, i >> 10),
  'one key': () => Uint8Array.of(1),
}

describe.each(Object.entries(KINDS))('fits is right for keys of the kind: %s', (_, keys) => {
  test.each([4096, 5000, 40_000, 300_000])('one by one into %i bytes', capacity => {
    const random = new Random(testSeed(capacity))
    const table = MemTable.create(capacity)
    let added = 0
    for (;;) {
      const key = keys(random, added)
      const valueSize = random.oneIn(3) ? random.below(30) : 0
      if (!table.fits(key.length + valueSize, 1)) break
      table.add(++added, TYPE_VALUE, bytesOf(key, valueSize), 0, key.length, key.length, key.length + valueSize)
    }
    expect(table.entries).toBe(added)
    expect(table.memoryUsage).toBeLessThanOrEqual(table.capacity)
    expectLittleWaste(table)
  })

  test.each([4096, 40_000, 300_000])('in batches into %i bytes', capacity => {
    const random = new Random(testSeed(capacity))
    const table = MemTable.create(capacity)
    for (let batch = 0; batch < 100_000; batch++) {
      const first = table.entries
      const batchKeys = Array.from({ length: random.between(1, 200) }, (_, i) => keys(random, first + i))
      const size = batchKeys.reduce((sum, key) => sum + key.length, 0)
      if (!table.fits(size, batchKeys.length)) break
      addAll(table, batchKeys)
      expect(table.memoryUsage).toBeLessThanOrEqual(table.capacity)
    }
  })

  test.each([1, 2, 10, 100, 3000])('capacityFor holds %i entries, and every one is found', count => {
    const random = new Random(testSeed(count))
    const all = Array.from({ length: count }, (_, i) => keys(random, i))
    const size = all.reduce((sum, key) => sum + key.length, 0)
    const table = MemTable.create(MemTable.capacityFor(size, count))
    expect(table.fits(size, count)).toBe(true)
    addAll(table, all)
    expect(table.entries).toBe(count)
    const lookup = new LookupKey()
    for (const key of all) {
      lookup.assign(key, MAX_SEQUENCE)
      expect(table.find(lookup, new FoundValue())).toBe(FOUND)
    }
  })
})

/** Numbers with `fanOut` values of each byte, the last byte running fastest. */
function spread(i: number, fanOut: number): Uint8Array {
  const digit = (n: number): number => ((n % fanOut) * 3) & 255
  return Uint8Array.of(i / fanOut ** 3, digit(Math.floor(i / fanOut ** 2)), digit(Math.floor(i / fanOut)), digit(i))
}

function addAll(table: MemTable, keys: readonly Uint8Array[]): void {
  for (const key of keys) table.add(table.entries + 1, TYPE_VALUE, key, 0, key.length, 0, 0)
}

function bytesOf(key: Uint8Array, valueSize: number): Uint8Array {
  const bytes = new Uint8Array(key.length + valueSize)
  bytes.set(key)
  return bytes
}

/** What fits one by one leaves at most the room of a largest node and the entry. */
function expectLittleWaste(table: MemTable): void {
  expect(table.capacity - table.memoryUsage).toBeLessThan(1056 + 1100)
}
