import { compareBytes, internalKey, TYPE_VALUE } from '@lsm/base'
import { Random, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { OutputSplitter, type OutputBounds } from './output-splitter.ts'
import type { TableDescription } from './strategy.ts'

const UNBOUNDED: OutputBounds = {
  maxTableSize: Number.POSITIVE_INFINITY,
  grandparents: [],
  maxGrandparentOverlap: Number.POSITIVE_INFINITY,
  maxTables: Number.POSITIVE_INFINITY,
}

describe('where an output table ends', () => {
  test.each<[string, Partial<OutputBounds>, string, string]>([
    ['nowhere without bounds', {}, 'abcdef', 'abcdef'],
    ['when it has its size', { maxTableSize: 2 }, 'abcdef', 'ab cd ef'],
    ['not when no number is left', { maxTableSize: 2, maxTables: 2 }, 'abcdef', 'ab cdef'],
    ['before too many grandparents', grandparents(20, 'ab10 cd10 ef10'), 'abcdef', 'abcd ef'],
    ['counting those that no key is in', grandparents(20, 'bb10 cc10 dd10 ee10'), 'afg', 'a fg'],
    ['counting the one that it begins inside of', grandparents(15, 'ae10 fh10 ij10'), 'bcfgi', 'bc fg i'],
    ['not inside of a large one', grandparents(5, 'af10 gh10'), 'abcdeg', 'abcde g'],
    ['not counting the one that it begins behind', grandparents(10, 'ab10 de10 fg10'), 'cdefg', 'cde fg'],
    [
      'not for want of room when no number is left',
      { ...grandparents(5, 'aa10 bb10 cc10'), maxTables: 1 },
      'abc',
      'abc',
    ],
  ])('%s', (_, bounds, keys, tables) => {
    expect(
      split({ ...UNBOUNDED, ...bounds }, keys.split('').map(encode))
        .map(decodeAll)
        .join(' '),
    ).toBe(tables)
  })

  test('as counted anew for every key, for random tables', () => {
    const random = new Random(testSeed(1))
    for (let round = 0; round < 500; round++) {
      const bounds = {
        ...UNBOUNDED,
        maxTableSize: random.between(1, 12),
        grandparents: randomTables(random),
        maxGrandparentOverlap: random.below(30),
        maxTables: random.between(1, 12),
      }
      const keys = [...new Set(Array.from({ length: 30 }, () => random.below(200)))].sort((a, b) => a - b)
      const userKeys = keys.map(key => Uint8Array.of(key))
      expect(split(bounds, userKeys), `seed ${random.seed}, round ${round}`).toEqual(splitPlainly(bounds, userKeys))
    }
  })
})

/** One byte of table for each key. */
function split(bounds: OutputBounds, userKeys: readonly Uint8Array[]): Uint8Array[][] {
  const splitter = new OutputSplitter(bounds)
  const tables: Uint8Array[][] = []
  for (const userKey of userKeys) {
    const key = internalKey(userKey, 5, TYPE_VALUE)
    const open = tables.at(-1)
    if (open !== undefined && !splitter.splitsBefore(key, 0, key.length, open.length)) {
      open.push(userKey)
      continue
    }
    splitter.begin(key, 0, key.length)
    tables.push([userKey])
  }
  return tables
}

function splitPlainly(bounds: OutputBounds, userKeys: readonly Uint8Array[]): Uint8Array[][] {
  const tables: Uint8Array[][] = []
  for (const userKey of userKeys) {
    const open = tables.at(-1)
    if (open === undefined) tables.push([userKey])
    else if (tables.length < bounds.maxTables && ends(bounds, open, userKey)) tables.push([userKey])
    else open.push(userKey)
  }
  return tables
}

function ends(bounds: OutputBounds, open: readonly Uint8Array[], next: Uint8Array): boolean {
  const overlap = bytesBetween(bounds.grandparents, open[0], next)
  const before = bytesBetween(bounds.grandparents, open[0], open[open.length - 1])
  return open.length >= bounds.maxTableSize || (overlap > before && overlap > bounds.maxGrandparentOverlap)
}

function bytesBetween(tables: readonly TableDescription[], from: Uint8Array, to: Uint8Array): number {
  return tables
    .filter(({ smallest, largest }) => compare(largest, from) >= 0 && compare(smallest, to) <= 0)
    .reduce((sum, { size }) => sum + size, 0)
}

function compare(key: Uint8Array, userKey: Uint8Array): number {
  return compareBytes(key, 0, key.length - 8, userKey, 0, userKey.length)
}

function randomTables(random: Random): TableDescription[] {
  const tables: TableDescription[] = []
  for (let at = random.below(10); at < 200; at += random.between(1, 20)) {
    const first = Uint8Array.of(at)
    at += random.below(20)
    tables.push(table(first, Uint8Array.of(Math.min(at, 255)), random.between(1, 15)))
  }
  return tables
}

/** `ac10` is a table from a to c of 10 bytes. */
function grandparents(maxGrandparentOverlap: number, text: string): Partial<OutputBounds> {
  const tables = text.split(' ').map(word => table(encode(word[0]), encode(word[1]), Number(word.slice(2))))
  return { maxGrandparentOverlap, grandparents: tables }
}

function table(first: Uint8Array, last: Uint8Array, size: number): TableDescription {
  return { number: 1, size, smallest: internalKey(first, 9, TYPE_VALUE), largest: internalKey(last, 1, TYPE_VALUE) }
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function decodeAll(keys: readonly Uint8Array[]): string {
  return keys.map(key => new TextDecoder().decode(key)).join('')
}
