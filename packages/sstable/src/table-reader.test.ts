import {
  ABSENT,
  DELETED,
  FOUND,
  FoundValue,
  internalKey,
  LookupKey,
  MAX_SEQUENCE,
  MISS,
  ReadContext,
  TAG_SIZE,
  tagSequence,
  tagType,
  TYPE_DELETION,
  VALID,
  type Lookup,
  type ReadableFile,
} from '@lsm/base'
import { iteratorConformance, Random, randomEntries, testSeed, type Entry } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { CountingFile } from '../test/counting-file.ts'
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
  readOptions,
  sameBytes,
  sealed,
  tableBytes,
  tableOfBlock,
} from '../test/support.ts'
import { BlockCache } from './block-cache.ts'
import { leveldbBloomFilter } from './bloom-filter.ts'
import { CodecRegistry } from './codec.ts'
import { blockedBloomFilter } from './full-filter.ts'
import { SNAPPY } from './snappy.ts'
import { TableReader } from './table-reader.ts'

const SHAPES = [
  ['one entry a block', { blockSize: 1, blockRestartInterval: 1 }],
  ['blocks of 200 bytes', { blockSize: 200, blockRestartInterval: 2 }],
  ['blocks of 4096 bytes', { blockSize: 4096, blockRestartInterval: 16 }],
  ['Snappy', { blockSize: 300, blockRestartInterval: 16, codec: SNAPPY }],
] as const

for (const [name, shape] of SHAPES) {
  for (const capacity of [0, 700, 1_000_000]) {
    iteratorConformance(`a table of ${name}, cache of ${capacity}`, async entries => {
      const reader = await openEntries(entries, shape, { cache: new BlockCache(capacity) })
      const context = new ReadContext()
      return { iterator: reader.iterator(context), context, close: () => reader.release() }
    })
  }
}

iteratorConformance('a table with empty blocks', async entries => {
  const context = new ReadContext()
  return { iterator: (await openBytes(tableWithEmptyBlocks(entries))).iterator(context), context }
})

describe('find', () => {
  const filterSets = [[], [blockedBloomFilter()], [leveldbBloomFilter()], [leveldbBloomFilter(), blockedBloomFilter()]]

  test.each(SHAPES)('answers like a list, as of any sequence: %s', async (_, shape) => {
    const random = new Random(testSeed(31))
    for (const filters of filterSets) {
      const entries = randomEntries(random, 150)
      const reader = await openEntries(entries, { ...shape, filters }, { cache: new BlockCache(random.below(3000)) })
      const last = Math.max(...entries.map(({ key }) => tagSequence(key, key.length)))
      for (let i = 0; i < 400; i++) {
        const userKey = random.oneIn(5) ? random.bytes(random.below(6)) : random.pick(entries).key.slice(0, -TAG_SIZE)
        const sequence = random.oneIn(4) ? MAX_SEQUENCE : random.below(last + 2)
        expect(await lookUp(reader, userKey, sequence), `seed ${random.seed}`).toEqual(
          expected(entries, userKey, sequence),
        )
      }
    }
  })

  test('goes on to the next block where a separator is a version between two others', async () => {
    // Nobody writes such an index, but its keys are right: each at or after its block, before the next.
    const [before, newer, older] = [
      internalKey(bytes("'a'"), 1, 1),
      internalKey(bytes("'b'"), 50, 1),
      internalKey(bytes("'b'"), 40, 1),
    ]
    const first = sealed(block([entry(0, before, bytes("'1'"))]))
    const second = sealed(block([entry(0, older, bytes("'2'"))]))
    const index = block([
      entry(0, newer, handle(0, first.length - 5)),
      entry(0, older, handle(first.length, second.length - 5)),
    ])
    const metaindex = sealed(block([]))
    const at = first.length + second.length
    const reader = await openBytes(
      concat(first, second, metaindex, sealed(index), footer(handle(at, 8), handle(at + 13, index.length))),
    )
    expect(await lookUp(reader, bytes("'b'"), 60)).toEqual([FOUND, bytes("'2'")])
    expect(await lookUp(reader, bytes("'aa'"), 60)).toEqual([ABSENT, undefined])
  })

  test('does not load a block that a filter rules out', async () => {
    const entries = Array.from({ length: 200 }, (_, i) => ({
      key: internalKey(bytes(`'key' ${(i + 16).toString(16)}`), 1, 1),
      value: new Uint8Array(50),
    }))
    for (const filter of [blockedBloomFilter(20), leveldbBloomFilter(20)]) {
      const cache = new BlockCache(0)
      const reader = await openEntries(entries, { blockSize: 300, filters: [filter] }, { cache, filters: [filter] })
      let loads = 0
      for (let i = 0; i < 200; i++) {
        const before = cache.misses
        expect(await lookUp(reader, bytes(`'key' ${(i + 16).toString(16)} 00`), 5)).toEqual([ABSENT, undefined])
        loads += cache.misses - before
      }
      expect(loads).toBeLessThan(10)
    }
  })

  test('notes its block and finds it once it is loaded, whatever the cache keeps', async () => {
    const reader = await openEntries(randomEntries(new Random(1), 50), {}, { cache: new BlockCache(0) })
    const context = new ReadContext()
    const key = new LookupKey()
    key.assign(bytes('61'), MAX_SEQUENCE)
    expect(reader.find(key, new FoundValue(), context)).toBe(MISS)
    expect(context.lacking).toBe(true)
    context.loadSync()
    expect(reader.find(key, new FoundValue(), context)).not.toBe(MISS)
    context.release()
    expect(reader.find(key, new FoundValue(), context)).toBe(MISS)
  })
})

describe('table', () => {
  test('of LevelDB, written in 2012', async () => {
    const contents = bytes(
      `00 0b 00 'bar' 00 05 00 00 00 00 00 00
       03 08 03       01 02 00 00 00 00 00 00 'two'
       02 09 05  'z'  01 03 00 00 00 00 00 00 'three'
       00 0b 04 'foo' 01 04 00 00 00 00 00 00 'four'
       04 07 03          01 00 00 00 00 00 00 'one'
       00 00 00 00  01 00 00 00`,
    )
    const data = sealed(contents)
    const metaindex = bytes('00 00 00 00 01 00 00 00  00 c0 f2 a1 b0')
    const index = sealed(bytes("00 09 02 'g' 01 ff ff ff ff ff ff ff 00 54 00 00 00 00 01 00 00 00"))
    const table = concat(
      data,
      metaindex,
      index,
      bytes('59 08 66 16'),
      new Uint8Array(36),
      bytes('57 fb 80 8b 24 75 47 db'),
    )
    for (const reader of [
      await openBytes(table),
      await openBytes(concat(table, new Uint8Array(100)), {}, table.length),
    ]) {
      expect(await contentsOf(reader)).toEqual([
        { key: bytes("'bar' 00 05 00 00 00 00 00 00"), value: bytes('') },
        { key: bytes("'bar' 01 02 00 00 00 00 00 00"), value: bytes("'two'") },
        { key: bytes("'baz' 01 03 00 00 00 00 00 00"), value: bytes("'three'") },
        { key: bytes("'foo' 01 04 00 00 00 00 00 00"), value: bytes("'four'") },
        { key: bytes("'foo' 01 01 00 00 00 00 00 00"), value: bytes("'one'") },
      ])
      expect(await lookUp(reader, bytes("'bar'"), 5)).toEqual([DELETED, undefined])
      expect(await lookUp(reader, bytes("'bar'"), 4)).toEqual([FOUND, bytes("'two'")])
      expect(await lookUp(reader, bytes("'foo'"), 3)).toEqual([FOUND, bytes("'one'")])
      expect(await lookUp(reader, bytes("'foo'"), 0)).toEqual([ABSENT, undefined])
      expect([reader.properties, reader.problems]).toEqual([undefined, []])
    }
  })

  test('opens and reads alike with and without waiting', async () => {
    const directory = await memoryDirectory()
    const entries = randomEntries(new Random(8), 100)
    await directory.replaceFile('000007.ldb', await tableBytes(entries, { blockSize: 200 }))
    const file = await directory.openFile('000007.ldb')
    const reader = TableReader.openSync(file, file.size, readOptions())
    expect(await contentsOf(reader)).toEqual(entries)
    expect(reader.loadPageSync(1)).toBe(reader.loadPageSync(1))
    expect(await reader.loadPage(1)).toBe(reader.loadPageSync(1))
  })

  test('shows properties and says what it is called', async () => {
    const reader = await openEntries(randomEntries(new Random(3), 10), { codec: SNAPPY, creator: 'somebody' })
    expect(reader.name).toBe('000005.sst')
    expect(reader.properties).toMatchObject({ codec: 'snappy', creator: 'somebody', createdAt: 1 })
  })

  test('estimates where a key is', async () => {
    const entries = Array.from({ length: 100 }, (_, i) => ({
      key: internalKey(Uint8Array.of(i), 1, 1),
      value: new Uint8Array(91),
    }))
    const reader = await openEntries(entries, { blockSize: 1 })
    const offsets = entries.map(({ key }) => reader.approximateOffset(key, 0, key.length))
    expect(offsets).toEqual(entries.map((_, i) => i * 116))
    expect(reader.approximateOffset(internalKey(Uint8Array.of(200), 1, 1), 0, 9)).toBe(11_600)
  })

  test('loads a block once, however many ask at the same time', async () => {
    const table = await tableBytes(randomEntries(new Random(4), 50))
    const file = new CountingFile(table)
    const reader = await TableReader.open(file, table.length, readOptions())
    const reads = file.reads
    const pages = await Promise.all([reader.loadPage(0), reader.loadPage(0), reader.loadPage(0)])
    expect(file.reads - reads).toBe(1)
    expect(pages[1]).toBe(pages[0])
  })

  test('closes its file when the last owner lets go, or when it cannot be opened', async () => {
    const table = await tableBytes(randomEntries(new Random(4), 50))
    const file = new CountingFile(table)
    const reader = await TableReader.open(file, table.length, readOptions())
    reader.retain()
    reader.release()
    expect(file.closes).toBe(0)
    reader.release()
    await reader.closed()
    expect(file.closes).toBe(1)

    const broken = new CountingFile(table.with(table.length - 1, 0))
    await expect(TableReader.open(broken, table.length, readOptions())).rejects.toMatchObject({
      code: 'LSM_CORRUPTION',
    })
    expect(() => TableReader.openSync(broken, table.length, readOptions())).toThrowError('not a table')
    expect(broken.closes).toBe(2)
  })

  test('gives its blocks back to the cache with the last owner, and keeps none after', async () => {
    const cache = new BlockCache(1_000_000)
    const reader = await openEntries(randomEntries(new Random(4), 50), {}, { cache })
    await reader.loadPage(0)
    expect(cache.size).toBeGreaterThan(0)
    reader.release()
    expect(cache.size).toBe(0)
  })

  test('says so where a file system cannot read synchronously', async () => {
    const table = await tableBytes(randomEntries(new Random(4), 50))
    const file: ReadableFile = {
      name: 'f',
      size: table.length,
      read: (position, target, start, length) => {
        target.set(table.subarray(position, position + length), start)
        return Promise.resolve(length)
      },
      close: () => Promise.resolve(),
    }
    expect(() => TableReader.openSync(file, table.length, readOptions())).toThrowError(
      expect.objectContaining({ code: 'LSM_NOT_SUPPORTED' }),
    )
    expect((await TableReader.open(file, table.length, readOptions())).blocks).toBe(1)
  })

  test('reads a block whose codec reads another table on the way', async () => {
    const random = new Random(testSeed(7))
    const [first, other] = [randomEntries(random, 200), randomEntries(random, 200)]
    const shape = { blockSize: 2000, codec: SNAPPY }
    const interrupting = await openEntries(other, shape, { cache: new BlockCache(0) })
    const nesting = {
      ...SNAPPY,
      decompress: (source: Uint8Array, start: number, end: number, limit: number): Uint8Array => {
        interrupting.loadPageSync(0)
        return SNAPPY.decompress(source, start, end, limit)
      },
    }
    const plain = await openEntries(first, shape)
    const nested = await openEntries(first, shape, { codecs: new CodecRegistry([nesting]) })
    for (let i = 0; i < plain.blocks; i++) {
      expect(sameBytes(nested.loadPageSync(i), plain.loadPageSync(i)), `block ${i}`).toBe(true)
    }
    for (const reader of [interrupting, plain, nested]) reader.release()
  })

  test('fails only the reads that meet a block of an unknown codec', async () => {
    const entries = randomEntries(new Random(9), 60)
    const table = await tableBytes(entries, { blockSize: 200 })
    const clean = await openBytes(table)
    const { offset, size } = clean.handle(1)
    table.set(sealed(table.slice(offset, offset + size), 200), offset)
    const reader = await openBytes(table)
    await expect(reader.loadPage(1)).rejects.toMatchObject({
      code: 'LSM_NOT_SUPPORTED',
      message: expect.stringContaining('200'),
      file: '000005.sst',
      offset,
    })
    expect(await reader.loadPage(0)).toEqual(await clean.loadPage(0))
    expect(await reader.loadPage(2)).toEqual(await clean.loadPage(2))
    const without = await openEntries([], { codec: SNAPPY }, { codecs: new CodecRegistry([]) })
    expect(without.blocks).toBe(0)
  })

  test('fails only the reads that arrive at an entry of an unknown type', async () => {
    const keys = [internalKey(bytes("'a'"), 1, 1), internalKey(bytes("'b'"), 1, 2), internalKey(bytes("'c'"), 1, 1)]
    const table = tableOfBlock(block(keys.map(key => entry(0, key, bytes("'v'")))), keys[2])
    const reader = await openBytes(table)
    await expect(lookUp(reader, bytes("'b'"), 9)).rejects.toMatchObject({ code: 'LSM_CORRUPTION', offset: 0 })
    expect(await lookUp(reader, bytes("'a'"), 9)).toEqual([FOUND, bytes("'v'")])
    expect(await lookUp(reader, bytes("'c'"), 9)).toEqual([FOUND, bytes("'v'")])
    await expect(contentsOf(reader)).rejects.toMatchObject({ code: 'LSM_CORRUPTION' })
  })
})

/** What a list of entries says. */
function expected(entries: readonly Entry[], userKey: Uint8Array, sequence: number): [Lookup, Uint8Array | undefined] {
  const newest = entries.find(
    ({ key }) => sameBytes(key.slice(0, -TAG_SIZE), userKey) && tagSequence(key, key.length) <= sequence,
  )
  if (newest === undefined) return [ABSENT, undefined]
  return tagType(newest.key, newest.key.length) === TYPE_DELETION ? [DELETED, undefined] : [FOUND, newest.value]
}

async function lookUp(
  reader: TableReader,
  userKey: Uint8Array,
  sequence: number,
): Promise<[Lookup, Uint8Array | undefined]> {
  const key = new LookupKey()
  key.assign(userKey, sequence)
  const found = new FoundValue()
  const context = new ReadContext()
  let answer = reader.find(key, found, context)
  for (; answer === MISS; answer = reader.find(key, found, context)) await context.load()
  return [answer, answer === FOUND ? found.bytes.slice(found.start, found.end) : undefined]
}

/** Everything in a table. */
async function contentsOf(reader: TableReader): Promise<Entry[]> {
  const context = new ReadContext()
  const iterator = reader.iterator(context)
  const entries: Entry[] = []
  let move = iterator.seekToFirst()
  for (; move === MISS; move = iterator.seekToFirst()) await context.load()
  while (move === VALID) {
    entries.push({
      key: iterator.key.slice(iterator.keyStart, iterator.keyEnd),
      value: iterator.value.slice(iterator.valueStart, iterator.valueEnd),
    })
    for (move = iterator.next(); move === MISS; move = iterator.next()) await context.load()
  }
  return entries
}

/** A table with a block for each entry, and blocks without entries before, between and after. */
function tableWithEmptyBlocks(entries: readonly Entry[]): Uint8Array {
  const parts: Uint8Array[] = []
  const index: Uint8Array[] = []
  const restarts: number[] = []
  let at = 0
  let indexSize = 0
  const put = (separator: Uint8Array, contents: Uint8Array): void => {
    parts.push(sealed(contents))
    index.push(entry(0, separator, handle(at, contents.length)))
    restarts.push(indexSize)
    at += contents.length + 5
    indexSize += index[index.length - 1].length
  }
  for (const { key, value } of entries) {
    put(key, block([entry(0, key, value)]))
    // Between this version and the next older one, since their types are 0 or 1.
    put(internalKey(key.slice(0, -TAG_SIZE), tagSequence(key, key.length) - 1, 0xff), block([]))
  }
  return finished(parts, index, restarts, at)
}

function finished(
  parts: readonly Uint8Array[],
  index: readonly Uint8Array[],
  restarts: number[],
  at: number,
): Uint8Array {
  const contents = block(index, restarts)
  return concat(...parts, sealed(block([])), sealed(contents), footer(handle(at, 8), handle(at + 13, contents.length)))
}
