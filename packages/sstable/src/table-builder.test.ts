import { internalKey, MAX_SEQUENCE, ReadContext, TYPE_DELETION, TYPE_VALUE, VALID } from '@lsm/base'
import { Random, randomEntries, testSeed, type Entry } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import {
  block,
  bytes,
  concat,
  entry,
  footer,
  handle,
  memoryDirectory,
  openBytes,
  openEntries,
  sealed,
  tableBytes,
  WRITE,
  writeEntries,
} from '../test/support.ts'
import { leveldbBloomFilter } from './bloom-filter.ts'
import { BlockWalker } from './block-walker.ts'
import type { Codec } from './codec.ts'
import { blockedBloomFilter } from './full-filter.ts'
import { encodeProperties } from './properties.ts'
import { SNAPPY } from './snappy.ts'
import { TableBuilder } from './table-builder.ts'
import { decodeFooter, type BlockHandle } from './table-format.ts'

const GREATEST = '01 ff ff ff ff ff ff ff'

describe('table builder', () => {
  test('writes every byte as the format says', async () => {
    const a = internalKey(bytes("'apple'"), 3, TYPE_VALUE)
    const b = internalKey(bytes("'cherry'"), 4, TYPE_DELETION)
    const entries = [
      { key: a, value: bytes("'red'") },
      { key: b, value: bytes('') },
    ]
    const first = block([entry(0, a, bytes("'red'"))])
    const second = block([entry(0, b, bytes(''))])
    const secondAt = first.length + 5
    const dataSize = secondAt + second.length + 5
    const index = block(
      [
        entry(0, bytes(`'b' ${GREATEST}`), handle(0, first.length)),
        entry(0, bytes(`'d' ${GREATEST}`), handle(secondAt, second.length)),
      ],
      [0, 14],
    )
    const properties = {
      entries: 2,
      deletions: 1,
      rawKeySize: 27,
      rawValueSize: 3,
      dataSize,
      indexSize: index.length,
      filterSize: 0,
      smallestSequence: 3,
      largestSequence: 4,
      createdAt: 1,
      codec: '',
      creator: 'test',
    }
    const encoded = encodeProperties(properties)
    const metaindexAt = dataSize + encoded.length + 5
    const metaindex = block([entry(0, bytes("'lsm.properties'"), handle(dataSize, encoded.length))])
    const directory = await memoryDirectory()
    const summary = await writeEntries(directory, 'x.ldb', entries, { blockSize: 1 })
    expect(await tableBytes(entries, { blockSize: 1 })).toEqual(
      concat(
        sealed(first),
        sealed(second),
        sealed(encoded),
        sealed(metaindex),
        sealed(index),
        footer(handle(metaindexAt, metaindex.length), handle(metaindexAt + metaindex.length + 5, index.length)),
      ),
    )
    expect(summary).toEqual({
      size: metaindexAt + metaindex.length + index.length + 10 + 48,
      smallest: a,
      largest: b,
      properties,
    })
  })

  test.each<[string, string, string, string]>([
    ['a byte between the two', "'abc'", "'axy'", `'ac' ${GREATEST}`],
    ['no byte between the two', "'abc'", "'acc'", "'abc' 01 09 00 00 00 00 00 00"],
    ['a byte between, but nothing gained', "'ab'", "'ad'", "'ab' 01 09 00 00 00 00 00 00"],
    ['the first before its extension', "'abc'", "'abcd'", "'abc' 01 09 00 00 00 00 00 00"],
    ['the empty key first', '', "'b'", '01 09 00 00 00 00 00 00'],
    ['0xff where they differ first', "'a' fe 'xyz'", "'a' ff", "'a' fe 'xyz' 01 09 00 00 00 00 00 00"],
    ['0xff raised from', "'a' 7f 'xyz'", "'a' ff", `'a' 80 ${GREATEST}`],
    ['a long key shortened to one byte', "'abcdefgh'", "'zzz'", `'b' ${GREATEST}`],
  ])('separates blocks: %s', async (_, first, second, separator) => {
    const keys = [first, second].map(text => internalKey(bytes(text), 9, TYPE_VALUE))
    expect((await separators(keys))[0]).toEqual(bytes(separator))
  })

  test('separates versions of one key by the older one of the two blocks', async () => {
    const keys = [9, 8].map(sequence => internalKey(bytes("'abc'"), sequence, TYPE_VALUE))
    expect((await separators(keys))[0]).toEqual(keys[0])
  })

  test.each<[string, string, string]>([
    ['a longer key', "'abc'", `'b' ${GREATEST}`],
    ['a key of one byte', "'a'", "'a' 01 09 00 00 00 00 00 00"],
    ['the empty key', '', '01 09 00 00 00 00 00 00'],
    ['leading 0xff', "ff ff 'abc'", `ff ff 'b' ${GREATEST}`],
    ['leading 0xff and one byte', "ff ff 'a'", "ff ff 'a' 01 09 00 00 00 00 00 00"],
    ['nothing but 0xff', 'ff ff ff', 'ff ff ff 01 09 00 00 00 00 00 00'],
  ])('ends the index behind the last key: %s', async (_, last, separator) => {
    expect(await separators([internalKey(bytes(last), 9, TYPE_VALUE)])).toEqual([bytes(separator)])
  })

  test('closes a block after the entry that fills it', async () => {
    const entries = ['a', 'b', 'c', 'd'].map(text => ({
      key: internalKey(new TextEncoder().encode(text), 1, TYPE_VALUE),
      value: new Uint8Array(88),
    }))
    // Two entries of 3 + 9 + 88 bytes, one restart point, its count.
    expect((await openEntries(entries, { blockSize: 208 })).blocks).toBe(2)
    expect((await openEntries(entries, { blockSize: 209 })).blocks).toBe(2)
    expect((await openEntries(entries, { blockSize: 1 })).blocks).toBe(4)
    expect((await openEntries(entries, { blockSize: 10_000 })).blocks).toBe(1)
  })

  test.each([
    [800, 699, 1],
    [800, 700, 0],
    [800, 800, 0],
    [807, 706, 1],
    [807, 707, 0],
  ])('of %i bytes keeps %i compressed ones: type %i', async (raw, small, type) => {
    const codec: Codec = {
      id: 1,
      name: 'fixed',
      compress: (_, start, end) => new Uint8Array(end - start === raw ? small : end - start),
      decompress: () => bytes(''),
    }
    const key = internalKey(bytes("'a'"), 1, TYPE_VALUE)
    const value = new Uint8Array(raw - 8 - 4 - key.length)
    const written = await tableBytes([{ key, value }], { codec, blockSize: 1 })
    expect(written[type === 1 ? small : raw]).toBe(type)
  })

  test('keeps a block raw where the codec gives up', async () => {
    const codec: Codec = { ...SNAPPY, compress: () => undefined }
    const entries = randomEntries(new Random(1), 50)
    expect(await tableBytes(entries, { codec })).toHaveLength((await tableBytes(entries)).length + 'snappy'.length)
  })

  test('names its filters in the metaindex in order, and never compresses them', async () => {
    const entries = randomEntries(new Random(testSeed(5)), 300)
    const written = await tableBytes(entries, { filters: [blockedBloomFilter(), leveldbBloomFilter()], codec: SNAPPY })
    const metaindex = walk(written, decodeFooter(written.slice(-48), 'f', written.length - 48).metaindex)
    expect(metaindex.map(({ key }) => new TextDecoder().decode(key))).toEqual([
      'filter.leveldb.BuiltinBloomFilter2',
      'filter.lsm.BlockedBloom1',
      'lsm.properties',
    ])
  })

  test('of nothing is a table without entries', async () => {
    const reader = await openEntries([], { filters: [blockedBloomFilter(), leveldbBloomFilter()] })
    expect(reader.blocks).toBe(0)
    expect(reader.properties).toMatchObject({ entries: 0, smallestSequence: 0, largestSequence: 0, dataSize: 0 })
    expect(reader.problems).toEqual([])
    expect(reader.approximateOffset(new Uint8Array(8), 0, 8)).toBe(0)
  })

  test('reports size as it grows, and exact bounds', async () => {
    const directory = await memoryDirectory()
    const file = await directory.createFile('x.ldb')
    const builder = new TableBuilder(file, { ...WRITE, blockSize: 100 })
    const random = new Random(testSeed(6))
    let last = 0
    const entries = randomEntries(random, 500)
    for (const [i, { key, value }] of entries.entries()) {
      builder.add(key, 0, key.length, value, 0, value.length)
      expect(builder.entries).toBe(i + 1)
      expect(builder.size).toBeGreaterThanOrEqual(last)
      last = builder.size
    }
    const { size, smallest, largest } = builder.finish()
    expect(size).toBe(file.size)
    expect(size).toBeGreaterThan(last)
    expect([smallest, largest]).toEqual([entries[0].key, entries[entries.length - 1].key])
  })

  test('writes an index of many blocks', async () => {
    const entries = Array.from({ length: 5000 }, (_, i) => ({
      key: internalKey(Uint8Array.of(i >>> 8, i), 1, TYPE_VALUE),
      value: bytes(''),
    }))
    expect((await openEntries(entries, { blockSize: 1 })).blocks).toBe(5000)
  })

  test('takes keys and values from inside of larger arrays', async () => {
    const directory = await memoryDirectory()
    const file = await directory.createFile('x.ldb')
    const builder = new TableBuilder(file, WRITE)
    const array = bytes("'..' 'key' 01 00 00 00 00 00 00 00 '..value..'")
    builder.add(array, 2, 13, array, 15, 20)
    expect(builder.finish().largest).toEqual(array.slice(2, 13))
  })

  test('holds a value larger than its buffer', async () => {
    const entries = [
      { key: internalKey(bytes("'a'"), 1, TYPE_VALUE), value: bytes("'small'") },
      { key: internalKey(bytes("'b'"), 1, TYPE_VALUE), value: new Uint8Array(3_000_000).fill(7) },
      { key: internalKey(bytes("'c'"), 1, TYPE_VALUE), value: bytes("'small'") },
    ]
    const reader = await openEntries(entries, { codec: SNAPPY })
    expect(reader.blocks).toBe(2)
    const context = new ReadContext()
    const iterator = reader.iterator(context)
    const lengths: number[] = []
    iterator.seekToFirst()
    context.loadSync()
    for (let move = iterator.seekToFirst(); move === VALID; move = iterator.next()) {
      lengths.push(iterator.valueEnd - iterator.valueStart)
      if (lengths.length === 2) {
        iterator.next()
        context.loadSync()
      }
    }
    expect(lengths).toEqual([5, 3_000_000, 5])
  })

  test.each<[string, [string, number, number][]]>([
    [
      'descending keys',
      [
        ["'b'", 1, 1],
        ["'a'", 1, 1],
      ],
    ],
    [
      'a key before its prefix',
      [
        ["'ab'", 1, 1],
        ["'a'", 1, 1],
      ],
    ],
    [
      'the same key',
      [
        ["'a'", 1, 1],
        ["'a'", 1, 1],
      ],
    ],
    [
      'versions ascending',
      [
        ["'a'", 1, 1],
        ["'a'", 2, 1],
      ],
    ],
    [
      'a value after a deletion of the same sequence',
      [
        ["'a'", 1, 0],
        ["'a'", 1, 1],
      ],
    ],
    [
      'the greatest sequences ascending',
      [
        ["'a'", MAX_SEQUENCE - 1, 1],
        ["'a'", MAX_SEQUENCE, 1],
      ],
    ],
  ])('refuses %s', async (_, keys) => {
    const entries = keys.map(([key, sequence, type]) => ({
      key: internalKey(bytes(key), sequence, type),
      value: bytes(''),
    }))
    await expect(tableBytes(entries)).rejects.toThrowError(TypeError)
    await expect(tableBytes(entries, { blockSize: 1 })).rejects.toThrowError(TypeError)
  })

  test('refuses a key without a tag, and anything once it is finished', async () => {
    await expect(tableBytes([{ key: bytes("'abc'"), value: bytes('') }])).rejects.toThrowError(TypeError)
    const directory = await memoryDirectory()
    const builder = new TableBuilder(await directory.createFile('x.ldb'), WRITE)
    builder.finish()
    expect(() => builder.finish()).toThrowError(TypeError)
    expect(() => builder.add(new Uint8Array(8), 0, 8, bytes(''), 0, 0)).toThrowError(TypeError)
  })
})

/** The keys in the index of a table with a block for each of these keys. */
async function separators(keys: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const written = await tableBytes(
    keys.map(key => ({ key, value: bytes('') })),
    { blockSize: 1 },
  )
  await openBytes(written)
  return walk(written, decodeFooter(written.slice(-48), 'f', written.length - 48).index).map(({ key }) => key)
}

/** The entries of an uncompressed block. */
function walk(table: Uint8Array, { offset, size }: BlockHandle): Entry[] {
  const contents = table.slice(offset, offset + size)
  expect(sealed(contents)).toEqual(table.slice(offset, offset + size + 5))
  const walker = new BlockWalker(contents, false, 'f', offset)
  const entries: Entry[] = []
  while (walker.next()) {
    const { key, valueStart, valueEnd } = walker
    entries.push({ key: key.bytes.slice(0, key.length), value: contents.slice(valueStart, valueEnd) })
  }
  return entries
}
