import {
  END,
  internalKey,
  MAX_SEQUENCE,
  TAG_SIZE,
  tagSequence,
  tagType,
  TYPE_FOR_SEEK,
  TYPE_VALUE,
  VALID,
  type InternalIterator,
  type Move,
} from '@lsm/base'
import { compareKeys, iteratorConformance, Random, testSeed, type Entry } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { MemTable } from './memtable.ts'

iteratorConformance('a memtable', entries => ({ iterator: tableOf(entries).iterator() }))

iteratorConformance('a memtable that changes all the time', entries => {
  const table = MemTable.create(1 << 21)
  for (const entry of bySequence(entries)) add(table, entry)
  return { iterator: table.iterator() }
})

describe('an iterator that stays open while entries are added', () => {
  test.each([1, 2, 3, 4, 5, 6])('shows all that existed when it was positioned, forwards, seed +%i', extra => {
    const run = new OpenIteratorRun(new Random(testSeed(300) + extra))
    for (let round = 0; round < 12; round++) run.walk(true)
  })

  test.each([1, 2, 3, 4, 5, 6])('and in reverse, seed +%i', extra => {
    const run = new OpenIteratorRun(new Random(testSeed(400) + extra))
    for (let round = 0; round < 12; round++) run.walk(false)
  })
})

test('a key with more versions than a window holds is walked in both directions', () => {
  const table = MemTable.create(1 << 20)
  const entries = Array.from({ length: 3000 }, (_, i) => ({
    key: internalKey(Uint8Array.of(i === 0 ? 1 : i === 2999 ? 3 : 2), i + 1, TYPE_VALUE),
    value: Uint8Array.of(i),
  }))
  for (const entry of entries) add(table, entry)
  const ordered = entries.toSorted((a, b) => compareKeys(a.key, b.key))
  expect(collect(table.iterator(), true)).toEqual(ordered)
  expect(collect(table.iterator(), false)).toEqual(ordered.toReversed())
  const iterator = table.iterator()
  const target = internalKey(Uint8Array.of(2), 1500, TYPE_FOR_SEEK)
  expect(iterator.seek(target, 0, target.length)).toBe(VALID)
  expect(tagSequence(iterator.key, iterator.keyEnd)).toBe(1500)
})

test('a tree as deep as its longest key is walked without recursion', () => {
  const table = MemTable.create(64 << 20)
  const key = new Uint8Array(3000).fill(97)
  for (let length = 0; length <= key.length; length++) table.add(length + 1, TYPE_VALUE, key, 0, length, 0, 0)
  const iterator = table.iterator()
  let length = 0
  for (let move = iterator.seekToFirst(); move === VALID; move = iterator.next()) {
    if (iterator.keyEnd - iterator.keyStart !== length + TAG_SIZE) break
    length++
  }
  expect(length).toBe(3001)
  for (let move = iterator.seekToLast(); move === VALID; move = iterator.prev()) length--
  expect(length).toBe(0)
})

/** A table that grows, and a list of all that is in it. */
class OpenIteratorRun {
  readonly #random: Random
  readonly #table = MemTable.create(8 << 20)
  readonly #iterator = this.#table.iterator()
  readonly #entries: Entry[] = []
  #sequence = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** Positions the iterator, walks to the end adding now and then, and compares. */
  walk(forward: boolean): void {
    this.#addSome(60)
    const existed = this.#entries.slice()
    let move = this.#position(forward)
    const start = move === VALID ? current(this.#iterator).key : undefined
    const ahead =
      start === undefined
        ? []
        : existed.filter(({ key }) => (compareKeys(key, start) >= 0 ? forward : !forward) || same(key, start))
    const seen: Entry[] = []
    while (move === VALID) {
      seen.push(current(this.#iterator))
      if (this.#random.oneIn(6)) this.#addSome(4)
      move = this.#turn(forward) ?? (forward ? this.#iterator.next() : this.#iterator.prev())
    }
    this.#compare(seen, ahead, forward)
  }

  /** Now and then takes a step back and forth, which leads to the same entry or to one that came between. */
  #turn(forward: boolean): Move | undefined {
    if (!this.#random.oneIn(10)) return undefined
    const before = current(this.#iterator).key
    const there = forward ? this.#iterator.next() : this.#iterator.prev()
    if (there === END) return END
    const back = forward ? this.#iterator.prev() : this.#iterator.next()
    expect(back).toBe(VALID)
    const order = compareKeys(current(this.#iterator).key, before)
    expect(forward ? order >= 0 : order <= 0, `seed ${this.#random.seed}`).toBe(true)
    return forward ? this.#iterator.next() : this.#iterator.prev()
  }

  #position(forward: boolean): Move {
    if (this.#random.oneIn(3)) return forward ? this.#iterator.seekToFirst() : this.#iterator.seekToLast()
    const target = internalKey(this.#key(), this.#random.below(this.#sequence + 5), TYPE_FOR_SEEK)
    const move = this.#iterator.seek(target, 0, target.length)
    return move === END ? this.#iterator.seekToLast() : move
  }

  #compare(seen: readonly Entry[], ahead: readonly Entry[], forward: boolean): void {
    const message = `seed ${this.#random.seed}`
    const sign = forward ? 1 : -1
    for (let i = 1; i < seen.length; i++)
      expect(sign * compareKeys(seen[i - 1].key, seen[i].key), message).toBeLessThan(0)
    const shown = new Map(seen.map(entry => [hex(entry.key), hex(entry.value)]))
    for (const { key, value } of ahead) expect(shown.get(hex(key)), message).toBe(hex(value))
    const all = new Map(this.#entries.map(entry => [hex(entry.key), hex(entry.value)]))
    for (const { key, value } of seen) expect(all.get(hex(key)), message).toBe(hex(value))
  }

  #addSome(most: number): void {
    const count = Math.min(this.#random.skewed(most), 900 - this.#entries.length)
    for (let left = count; left > 0; left--) {
      const value = this.#random.bytes(this.#random.below(6))
      const entry = { key: internalKey(this.#key(), ++this.#sequence, TYPE_VALUE), value }
      add(this.#table, entry)
      this.#entries.push(entry)
    }
  }

  /** Few bytes, short keys: most are there already, or are prefixes of others. A wide one now and then. */
  #key(): Uint8Array {
    return this.#random.oneIn(3) ? this.#random.bytes(2) : this.#random.bytes(this.#random.skewed(9), 3)
  }
}

function tableOf(entries: readonly Entry[]): MemTable {
  const bytes = entries.reduce((sum, { key, value }) => sum + key.length - TAG_SIZE + value.length, 0)
  const table = MemTable.create(MemTable.capacityFor(bytes, entries.length))
  for (const entry of bySequence(entries)) add(table, entry)
  return table
}

function bySequence(entries: readonly Entry[]): Entry[] {
  return entries.toSorted((a, b) => tagSequence(a.key, a.key.length) - tagSequence(b.key, b.key.length))
}

function add(table: MemTable, { key, value }: Entry): void {
  const bytes = new Uint8Array(key.length + value.length)
  bytes.set(key)
  bytes.set(value, key.length)
  const end = key.length - TAG_SIZE
  table.add(tagSequence(key, key.length), tagType(key, key.length), bytes, 0, end, key.length, bytes.length)
}

function collect(iterator: InternalIterator, forward: boolean): Entry[] {
  const entries: Entry[] = []
  let move = forward ? iterator.seekToFirst() : iterator.seekToLast()
  while (move === VALID) {
    entries.push(current(iterator))
    move = forward ? iterator.next() : iterator.prev()
  }
  return entries
}

function current(iterator: InternalIterator): Entry {
  return {
    key: iterator.key.slice(iterator.keyStart, iterator.keyEnd),
    value: iterator.value.slice(iterator.valueStart, iterator.valueEnd),
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return compareKeys(a, b) === 0
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
}

test('sequence numbers up to the greatest are ordered', () => {
  const table = MemTable.create(4096)
  const key = Uint8Array.of(7)
  const sequences = [1, 2 ** 24 - 1, 2 ** 24, 2 ** 32, 2 ** 40 + 1, MAX_SEQUENCE]
  for (const sequence of sequences) table.add(sequence, TYPE_VALUE, key, 0, 1, 0, 0)
  const shown = collect(table.iterator(), true).map(({ key }) => tagSequence(key, key.length))
  expect(shown).toEqual(sequences.toReversed())
})
