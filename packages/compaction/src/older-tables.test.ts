import { compareBytes, internalKey, TAG_SIZE, TYPE_VALUE } from '@lsm/base'
import { Random, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { OlderTables } from './older-tables.ts'
import type { LevelInput, TableDescription } from './strategy.ts'

describe('tables that may hold something older', () => {
  test.each<[string, LevelInput[], string]>([
    ['none', [], ''],
    ['one level', [level(2, 'bd fg')], 'bcdfg'],
    ['a table of one key', [level(2, 'cc')], 'c'],
    ['levels without tables', [level(2, ''), level(3, 'aa')], 'a'],
    ['several levels', [level(2, 'bb'), level(3, 'dh'), level(6, 'aa ii')], 'abdefghi'],
    ['tables of level 0, which overlap', [level(0, 'eh bf bb')], 'bcdefgh'],
  ])('%s', (_, older, covered) => {
    const tables = new OlderTables(older)
    const keys = 'abcdefghij'.split('').filter(letter => {
      const key = new TextEncoder().encode(letter)
      return tables.cover(key, 0, key.length)
    })
    expect(keys.join('')).toBe(covered)
  })

  test('as found by looking at every table, for random ones', () => {
    const random = new Random(testSeed(2))
    for (let round = 0; round < 300; round++) {
      const older = [0, 1, 2].map(number => randomLevel(random, number))
      const tables = new OlderTables(older)
      for (let key = 0; key < 256; key += random.between(1, 6)) {
        const userKey = Uint8Array.of(key)
        const covered = older.flatMap(input => input.tables).some(table => encloses(table, userKey))
        expect(tables.cover(userKey, 0, 1), `seed ${random.seed}, round ${round}, key ${key}`).toBe(covered)
      }
    }
  })
})

function encloses({ smallest, largest }: TableDescription, key: Uint8Array): boolean {
  return (
    compareBytes(smallest, 0, smallest.length - TAG_SIZE, key, 0, key.length) <= 0 &&
    compareBytes(largest, 0, largest.length - TAG_SIZE, key, 0, key.length) >= 0
  )
}

function randomLevel(random: Random, number: number): LevelInput {
  const tables: TableDescription[] = []
  for (let at = random.below(60); at < 255; at += random.between(1, 60)) {
    const first = at
    at += random.below(255 - at)
    tables.push(table(Uint8Array.of(first), Uint8Array.of(at)))
    if (number === 0) at = random.below(200)
    if (tables.length === 5) break
  }
  return { level: number, tables }
}

/** `bd` is a table from b to d. */
function level(number: number, text: string): LevelInput {
  const words = text.split(' ').filter(word => word !== '')
  const encode = (letter: string): Uint8Array => new TextEncoder().encode(letter)
  return { level: number, tables: words.map(word => table(encode(word[0]), encode(word[1]))) }
}

function table(first: Uint8Array, last: Uint8Array): TableDescription {
  return { number: 1, size: 1, smallest: internalKey(first, 9, TYPE_VALUE), largest: internalKey(last, 1, TYPE_VALUE) }
}
