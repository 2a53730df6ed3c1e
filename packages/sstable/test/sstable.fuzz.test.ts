/**
 * Tables, filters, properties and compressed data of any bytes: read, or refused by an `LsmError`; nothing else.
 */
import { fileURLToPath } from 'node:url'

import { internalKey, LsmError } from '@lsm/base'
import { fuzz, type FuzzResult, type FuzzTarget } from '@lsm/testkit'
import { beforeAll, describe, expect, test } from 'vitest'

import { BlockIterator } from '../src/block-iterator.ts'
import { BlockWalker } from '../src/block-walker.ts'
import { leveldbBloomFilter } from '../src/bloom-filter.ts'
import { blockedBloomFilter } from '../src/full-filter.ts'
import { decodeProperties, encodeProperties } from '../src/properties.ts'
import { SNAPPY } from '../src/snappy.ts'
import { blocksOf, keysOf, reseal } from './fuzz-table.ts'
import { block, bytes, concat, entry, openBytes, tableBytes } from './support.ts'

const FILTERS = [blockedBloomFilter(), leveldbBloomFilter()]

/** Nothing in a small table may ask for more. */
const MAX_BLOCK_SIZE = 1 << 20

function run(name: string, target: Omit<FuzzTarget, 'corpus' | 'accepts'>): Promise<FuzzResult> {
  const corpus = fileURLToPath(new URL(`../testdata/corpus/${name}`, import.meta.url))
  return fuzz({ corpus, accepts: error => error instanceof LsmError, ...target })
}

/** Opens a table, walks it both ways, and says in a word how that went. */
async function readTable(table: Uint8Array): Promise<string> {
  const reader = await openBytes(table, { maxBlockSize: MAX_BLOCK_SIZE })
  try {
    const keys = await keysOf(reader, false)
    expect(await keysOf(reader, true)).toEqual(keys)
    expect(keys.length).toBeLessThan(100_000)
    return `${keys.length > 0} ${reader.problems.map(problem => problem.replace(/\d+/g, '#')).join()}`
  } finally {
    reader.release()
  }
}

let table: Uint8Array
let blocks: [number, number][]

beforeAll(async () => {
  const entries = Array.from({ length: 40 }, (_, i) => ({
    key: internalKey(new TextEncoder().encode(`key ${String(i >> 1).padStart(3, '0')}`), 100 - i, i % 5 === 0 ? 0 : 1),
    value: new TextEncoder().encode(`value ${i} `.repeat(i % 4)),
  }))
  table = await tableBytes(entries, { blockSize: 128, blockRestartInterval: 4, filters: FILTERS, codec: SNAPPY })
  blocks = await blocksOf(table)
})

describe('reads or refuses', () => {
  test('a table whose checksums are as they come', async () => {
    expect((await run('table', { seeds: [table], run: readTable })).cases).toBeGreaterThan(0)
  })

  test('a table whose checksums are right', async () => {
    const target = { seeds: [table], keepLength: true, alwaysReseal: true, run: readTable }
    const { cases } = await run('resealed-table', { ...target, reseal: wrong => reseal(wrong, blocks) })
    expect(cases).toBeGreaterThan(0)
  })

  test('a block', async () => {
    const seed = block(
      [
        entry(0, bytes("'bar' 00 05000000000000"), bytes('')),
        entry(3, bytes('01 02000000000000'), bytes("'two'")),
        entry(2, bytes("'z' 01 03000000000000"), bytes("'three'")),
        entry(0, bytes("'foo' 01 04000000000000"), bytes("'four'")),
        entry(4, bytes('01000000000000'), bytes("'one'")),
      ],
      [0, 0],
    )
    seed[seed.length - 8] = 3 + 11 + 3 + 8 + 3 + 3 + 9 + 5 + 1
    await run('block', { seeds: [seed, block([])], run: walkBlock })
  })

  test('filters', async () => {
    const seeds = FILTERS.map(policy => {
      const builder = policy.builder()
      builder.startBlock(0)
      for (let i = 0; i < 50; i++) builder.addKey(Math.imul(i, 0x9e37_79b9) >>> 0)
      builder.startBlock(5000)
      builder.addKey(7)
      return builder.finish(9000)
    })
    const ask = (contents: Uint8Array): string =>
      FILTERS.map(policy => {
        const reader = policy.reader(contents)
        for (const hash of [0, 7, 0x7fff_ffff, 0xffff_ffff]) {
          for (const offset of [0, 2048, 5000, 2 ** 40])
            expect(reader?.mayContain(hash, offset)).toBeTypeOf(reader === undefined ? 'undefined' : 'boolean')
        }
        return reader === undefined ? 'none' : String(reader.mayContain(7, 5000))
      }).join()
    await run('filter', { seeds, run: ask })
  })

  test('properties', async () => {
    const numbers = { createdAt: 1, dataSize: 2 ** 40, deletions: 3, entries: 300, filterSize: 5, indexSize: 6 }
    const more = { largestSequence: 2 ** 53 - 1, rawKeySize: 8, rawValueSize: 9, smallestSequence: 0 }
    const seed = encodeProperties({ codec: 'snappy', creator: 'test', ...numbers, ...more })
    const read = (contents: Uint8Array): string => {
      const { entries, creator } = decodeProperties(contents, '000005.ldb', 0)
      expect(Number.isSafeInteger(entries) && typeof creator === 'string').toBe(true)
      return 'read'
    }
    await run('properties', { seeds: [seed], run: read })
  })

  test('Snappy', async () => {
    const text = new TextEncoder().encode('the same, the same, and the same again; '.repeat(12))
    const small = SNAPPY.compress(text, 0, text.length)!.slice()
    const elements = concat(bytes('50 04 61 62 01 02 0a 02 00 17 01 00 00 00 f0 03'), text.subarray(0, 4))
    const expand = (data: Uint8Array): string => {
      const large = SNAPPY.decompress(data, 0, data.length, MAX_BLOCK_SIZE)
      expect(large.length).toBeLessThanOrEqual(MAX_BLOCK_SIZE)
      const again = SNAPPY.compress(large, 0, large.length)
      if (again !== undefined)
        expect(Buffer.compare(SNAPPY.decompress(again.slice(), 0, again.length, MAX_BLOCK_SIZE), large)).toBe(0)
      return `${large.length > 0}`
    }
    await run('snappy', { seeds: [small, elements], run: expand })
  })
})

/** A block that the walker lets through is the same to the iterator, in both directions. */
function walkBlock(contents: Uint8Array): string {
  const walker = new BlockWalker(contents, true, '000005.ldb', 0)
  const walked: string[] = []
  while (walker.next()) walked.push(hex(walker.key.bytes, 0, walker.key.length))
  const iterator = new BlockIterator()
  iterator.open(contents)
  const forwards: string[] = []
  for (let move = iterator.seekToFirst(); move > 0; move = iterator.next())
    forwards.push(hex(iterator.key, 0, iterator.keyEnd))
  const backwards: string[] = []
  for (let move = iterator.seekToLast(); move > 0; move = iterator.prev())
    backwards.push(hex(iterator.key, 0, iterator.keyEnd))
  expect(forwards).toEqual(walked)
  expect(backwards.reverse()).toEqual(walked)
  for (const key of walked) {
    const target = new Uint8Array(Buffer.from(key, 'hex'))
    expect(iterator.seek(target, 0, target.length)).toBe(1)
    expect(hex(iterator.key, 0, iterator.keyEnd)).toBe(key)
  }
  return `${Math.min(walked.length, 4)} keys`
}

function hex(array: Uint8Array, start: number, end: number): string {
  return Buffer.from(array.subarray(start, end)).toString('hex')
}
