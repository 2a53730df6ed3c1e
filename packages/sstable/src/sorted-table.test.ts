import { internalKey, type Directory } from '@lsm/base'
import { Random, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { memoryDirectory, writeEntries } from '../test/support.ts'
import { leveldbBloomFilter } from './bloom-filter.ts'
import { openTable, writeTable, type TableRange } from './sorted-table.ts'

const text = new TextEncoder()
const FRUIT: [string, string][] = [
  ['', 'nothing'],
  ['apple', 'red'],
  ['banana', 'yellow'],
  ['cherry', ''],
  ['plum', 'blue'],
]

describe('a table on its own', () => {
  test('is written and read', async () => {
    const directory = await memoryDirectory()
    const properties = await writeTable(directory, '000001.ldb', pairs(FRUIT), { creator: 'a test' })
    expect(properties).toMatchObject({ entries: 5, creator: 'a test', codec: 'snappy', largestSequence: 0 })
    await using table = await openTable(directory, '000001.ldb')
    expect([table.properties, table.problems]).toEqual([properties, []])
    for (const [key, value] of FRUIT) expect(await table.get(text.encode(key))).toEqual(text.encode(value))
    expect(await table.get(text.encode('fig'))).toBeUndefined()
    expect(await list(table)).toEqual(FRUIT)
  })

  test.each<[string, TableRange, string[]]>([
    ['from a key on', { gte: text.encode('banana') }, ['banana', 'cherry', 'plum']],
    ['from between two keys on', { gte: text.encode('b') }, ['banana', 'cherry', 'plum']],
    ['before a key', { lt: text.encode('banana') }, ['', 'apple']],
    ['between two', { gte: text.encode('apple'), lt: text.encode('cherry') }, ['apple', 'banana']],
    ['nothing', { gte: text.encode('d'), lt: text.encode('e') }, []],
    ['an empty range', { gte: text.encode('plum'), lt: text.encode('apple') }, []],
    ['backwards', { reverse: true }, ['plum', 'cherry', 'banana', 'apple', '']],
    ['backwards before a key', { reverse: true, lt: text.encode('cherry') }, ['banana', 'apple', '']],
    ['backwards down to a key', { reverse: true, gte: text.encode('banana') }, ['plum', 'cherry', 'banana']],
    ['backwards from behind the end', { reverse: true, gte: text.encode('d'), lt: text.encode('z') }, ['plum']],
  ])('shows %s', async (_, range, keys) => {
    const directory = await memoryDirectory()
    await writeTable(directory, '000001.ldb', pairs(FRUIT), { blockSize: 1 })
    const table = await openTable(directory, '000001.ldb', { cacheSize: 0 })
    expect((await list(table, range)).map(([key]) => key)).toEqual(keys)
    await table.close()
  })

  test('of several versions shows the newest, and no deleted key', async () => {
    const directory = await memoryDirectory()
    await withVersions(directory)
    const table = await openTable(directory, '000002.ldb')
    const alive = [
      ['a', '5'],
      ['c', '1'],
    ]
    expect(await list(table)).toEqual(alive)
    expect(await list(table, { reverse: true })).toEqual(alive.toReversed())
    expect(await table.get(text.encode('a'))).toEqual(text.encode('5'))
    expect(await table.get(text.encode('b'))).toBeUndefined()
    const versions: string[] = []
    for await (const { key, sequence, value } of table.versions()) {
      versions.push(`${new TextDecoder().decode(key)}${sequence}${value === undefined ? '-' : ''}`)
    }
    expect(versions).toEqual(['a5', 'a3-', 'a2', 'b6-', 'b4', 'c1'])
  })

  test('holds whatever is put in', async () => {
    const random = new Random(testSeed(61))
    const directory = await memoryDirectory()
    const keys = [...new Set(Array.from({ length: 3000 }, () => `key ${random.below(100_000)}`))].sort()
    const entries = keys.map((key): [string, string] => [key, 'x'.repeat(random.skewed(200))])
    for (const options of [{}, { codec: undefined }, { filters: [leveldbBloomFilter()], blockSize: 500 }]) {
      await writeTable(directory, '000001.ldb', pairs(entries), options)
      await using table = await openTable(directory, '000001.ldb', { cacheSize: 20_000 })
      expect(await list(table)).toEqual(entries)
      expect(await list(table, { reverse: true })).toEqual(entries.toReversed())
      for (let i = 0; i < 200; i++) {
        const [key, value] = random.pick(entries)
        expect(new TextDecoder().decode(await table.get(text.encode(key)))).toBe(value)
      }
    }
  })

  test('refuses keys that do not ascend, and leaves no file', async () => {
    const directory = await memoryDirectory()
    await expect(writeTable(directory, '000001.ldb', pairs(FRUIT.toReversed()))).rejects.toThrowError(TypeError)
    expect(await directory.list()).toEqual([])
    await expect(openTable(directory, '000001.ldb')).rejects.toMatchObject({ code: 'LSM_NOT_FOUND' })
  })
})

function pairs(entries: readonly [string, string][]): [Uint8Array, Uint8Array][] {
  return entries.map(([key, value]) => [text.encode(key), text.encode(value)])
}

async function list(table: Awaited<ReturnType<typeof openTable>>, range?: TableRange): Promise<[string, string][]> {
  const decoder = new TextDecoder()
  const entries: [string, string][] = []
  for await (const [key, value] of table.entries(range)) entries.push([decoder.decode(key), decoder.decode(value)])
  return entries
}

async function withVersions(directory: Directory): Promise<void> {
  const versions: [string, number, number][] = [
    ['a', 5, 1],
    ['a', 3, 0],
    ['a', 2, 1],
    ['b', 6, 0],
    ['b', 4, 1],
    ['c', 1, 1],
  ]
  const entries = versions.map(([key, sequence, type]) => ({
    key: internalKey(text.encode(key), sequence, type),
    value: type === 0 ? new Uint8Array(0) : text.encode(String(sequence)),
  }))
  await writeEntries(directory, '000002.ldb', entries, { blockSize: 1 })
}
