import { FOUND, FoundValue, internalKey, LookupKey, LsmError, MAX_SEQUENCE, MISS, ReadContext, VALID } from '@lsm/base'
import { Random, randomEntries, testSeed, type Entry } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import {
  block,
  bytes,
  concat,
  entry,
  footer,
  handle,
  openBytes,
  sameEntries,
  sealed,
  tableBytes,
  tableOfBlock,
  varint,
} from '../test/support.ts'
import { BlockCache } from './block-cache.ts'
import { leveldbBloomFilter } from './bloom-filter.ts'
import { blockedBloomFilter } from './full-filter.ts'
import { SNAPPY } from './snappy.ts'
import type { TableReader, TableReaderOptions } from './table-reader.ts'

const FORMS = [
  ['raw', { blockSize: 150 }],
  ['of Snappy with filters', { blockSize: 150, codec: SNAPPY, filters: [leveldbBloomFilter(), blockedBloomFilter()] }],
] as const

describe.each(FORMS)('a table, %s', (_, options) => {
  const random = new Random(testSeed(41))
  const entries = randomEntries(random, 25)

  test('with any byte changed reads the same, or says that it is damaged', async () => {
    const table = await tableBytes(entries, options)
    for (let at = 0; at < table.length; at++) {
      const changed = table.with(at, table[at] ^ (1 << random.below(8)))
      await expectEqualOrCoded(changed, `byte ${at}, seed ${random.seed}`)
    }
  })

  test('with any byte changed and no checksums compared never fails without a code', async () => {
    const table = await tableBytes(entries, options)
    for (let at = 0; at < table.length; at++) {
      const changed = table.with(at, random.below(256))
      const { error } = await attempt(changed, { verifyChecksums: false })
      expectCoded(error, `byte ${at}, seed ${random.seed}`)
    }
  })

  test('cut anywhere says that it is damaged', async () => {
    const table = await tableBytes(entries, options)
    for (let length = 0; length < table.length; length++) {
      const { error } = await attempt(table.slice(0, length))
      expect(error, `length ${length}`).toMatchObject({ code: 'LSM_CORRUPTION', file: '000005.sst' })
      const short = await attempt(table.slice(0, length), {}, table.length)
      expect(short.error, `length ${length}`).toMatchObject({ code: 'LSM_CORRUPTION', file: '000005.sst' })
    }
  })

  test('keeps its other blocks readable', async () => {
    const table = await tableBytes(entries, options)
    const clean = await openBytes(table)
    for (let i = 0; i < clean.blocks; i++) {
      const { offset } = clean.handle(i)
      const reader = await openBytes(table.with(offset + 3, table[offset + 3] ^ 1))
      for (let other = 0; other < clean.blocks; other++) {
        if (other === i) await expect(reader.loadPage(other)).rejects.toMatchObject({ code: 'LSM_CORRUPTION', offset })
        else expect(await reader.loadPage(other)).toEqual(await clean.loadPage(other))
      }
    }
  })

  /** Damaged filters and properties must show among the problems, anything else as an error of the read. */
  async function expectEqualOrCoded(table: Uint8Array, where: string): Promise<void> {
    const { contents, error, problems } = await attempt(table)
    if (contents === undefined) {
      expect(error, where).toMatchObject({
        code: expect.stringMatching(/LSM_CORRUPTION|LSM_NOT_SUPPORTED/),
        file: '000005.sst',
        offset: expect.any(Number),
      })
    } else {
      expect(sameEntries(contents, entries), where).toBe(true)
      expect(problems.length, where).toBe(1)
    }
  }
})

describe('damage beside the data is no hindrance', () => {
  const entries = randomEntries(new Random(testSeed(42)), 100)

  test.each([
    ['filter.leveldb.BuiltinBloomFilter2', leveldbBloomFilter()],
    ['filter.lsm.BlockedBloom1', blockedBloomFilter()],
    ['lsm.properties', blockedBloomFilter()],
  ])('%s', async (name, filter) => {
    const table = await tableBytes(entries, { filters: [filter] })
    const reader = await openBytes(await damaged(table, name))
    expect(reader.problems).toEqual([expect.stringContaining(`${name}: block checksum does not match`)])
    expect(reader.properties === undefined).toBe(name === 'lsm.properties')
    for (const { key } of entries) {
      const lookup = new LookupKey()
      lookup.assign(key.slice(0, -8), MAX_SEQUENCE)
      expect(await find(reader, lookup)).toBeGreaterThan(0)
    }
  })

  test('a filter, though no checksums are to be compared', async () => {
    const table = await damaged(
      await tableBytes(entries, { filters: [blockedBloomFilter()] }),
      'filter.lsm.BlockedBloom1',
    )
    const reader = await openBytes(table, { verifyChecksums: false })
    expect(reader.problems).toEqual([expect.stringContaining('block checksum does not match')])
  })

  test('a filter that makes no sense', async () => {
    const data = block([entry(0, internalKey(bytes("'a'"), 1, 1), bytes("'v'"))])
    const filter = bytes('00 00')
    const names = ['filter.lsm.BlockedBloom1', 'filter.unknown', 'lsm.properties']
    const at = data.length + 5
    const metaindex = block(
      names.map(name => entry(0, new TextEncoder().encode(name), handle(at, filter.length))),
      [0],
    )
    const reader = await openBytes(wholeTable(data, filter, metaindex))
    expect(reader.problems).toEqual([
      expect.stringContaining('filter.lsm.BlockedBloom1: contents make no sense'),
      expect.stringContaining('lsm.properties: '),
    ])
  })

  test.each<[string, Uint8Array]>([
    ['entries that do not parse', bytes('00 05 05 00 00 00 00 00 01 00 00 00')],
    ['a handle behind the table', block([entry(0, bytes("'lsm.properties'"), handle(5000, 5000))])],
    ['a handle of the metaindex itself', block([entry(0, bytes("'lsm.properties'"), handle(30, 10))])],
    ['half a handle', block([entry(0, bytes("'lsm.properties'"), bytes('05'))])],
  ])('a metaindex with %s', async (_, metaindex) => {
    const data = block([entry(0, internalKey(bytes("'a'"), 1, 1), bytes("'v'"))])
    const reader = await openBytes(wholeTable(data, bytes(''), metaindex))
    expect(reader.problems).toEqual([expect.stringMatching(/^metaindex: /)])
    expect(reader.blocks).toBe(1)
  })
})

describe('a forged table with right checksums', () => {
  const a = internalKey(bytes("'a'"), 1, 1)
  const z = internalKey(bytes("'z'"), 1, 1)
  const none = bytes('')
  /** Says that it decompresses to a thousand million bytes. */
  const bomb = concat(varint(1_000_000_000), bytes('00 00'))

  test.each<[string, Uint8Array]>([
    ['a block above its separator', tableOfBlock(block([entry(0, z, none)]), a)],
    ['a block of nothing', tableOfBlock(none, a)],
    ['a count of restart points too large', tableOfBlock(bytes('00 00 00 00 ff ff ff 7f'), a)],
    ['a key that shares too much', tableOfBlock(block([entry(5, a, none)]), z)],
    ['an endless varint', tableOfBlock(block([new Uint8Array(60).fill(0xff)]), z)],
    ['a key of seven bytes', tableOfBlock(block([entry(0, bytes('01020304050607'), none)]), z)],
    ['keys out of order', tableOfBlock(block([entry(0, z, none), entry(0, a, none)]), z)],
    [
      'restart points out of order',
      tableOfBlock(
        block(
          ['a', 'b', 'c'].map(key => entry(0, internalKey(bytes(`'${key}'`), 1, 1), none)),
          [0, 24, 12],
        ),
        z,
      ),
    ],
    ['a Snappy bomb', tableOfBlock(bomb, z, 1)],
    ['Snappy that is cut', tableOfBlock(SNAPPY.compress(new Uint8Array(500), 0, 500)!.slice(0, -1), z, 1)],
    [
      'an index handle behind the file',
      wholeTable(none, none, block([]), block([entry(0, z, handle(1_000_000, 1_000_000))])),
    ],
    ['an index handle of huge size', wholeTable(none, none, block([]), block([entry(0, z, handle(0, 2 ** 53 - 1))]))],
    ['a footer handle behind the file', concat(sealed(block([])), footer(handle(0, 8), handle(13, 8)))],
    ['a footer handle of huge size', concat(sealed(block([])), footer(handle(0, 8), handle(0, 2 ** 53 - 1)))],
    ['an index that is the footer', concat(new Uint8Array(20), footer(handle(0, 8), handle(20, 43)))],
    ['a table of 47 bytes', new Uint8Array(47)],
    ['a table of nothing', none],
  ])('with %s', async (_, table) => {
    const { error } = await attempt(table)
    expect(error).toMatchObject({ code: 'LSM_CORRUPTION', file: '000005.sst', offset: expect.any(Number) })
  })

  test('with two blocks swapped in the index', async () => {
    const [first, second] = [sealed(block([entry(0, a, none)])), sealed(block([entry(0, z, none)]))]
    const table = (one: Uint8Array, other: Uint8Array): Uint8Array => {
      const index = block([entry(0, a, handle(0, one.length - 5)), entry(0, z, handle(one.length, other.length - 5))])
      const at = one.length + other.length
      return concat(one, other, sealed(block([])), sealed(index), footer(handle(at, 8), handle(at + 13, index.length)))
    }
    expect((await attempt(table(first, second))).contents).toHaveLength(2)
    expect((await attempt(table(second, first))).error).toMatchObject({ code: 'LSM_CORRUPTION' })
  })

  test('with blocks above the limit, stored or decompressed', async () => {
    const entries = [{ key: a, value: new Uint8Array(5000) }]
    const options = { maxBlockSize: 5000 }
    for (const codec of [undefined, SNAPPY]) {
      const { error } = await attempt(await tableBytes(entries, { codec }), options)
      expect(error).toMatchObject({ code: 'LSM_CORRUPTION' })
    }
  })

  test('at random never fails without a code, and takes no time', async () => {
    const random = new Random(testSeed(43))
    for (let round = 0; round < 400; round++) {
      const contents = await forge(random)
      const table = tableOfBlock(contents, internalKey(random.bytes(4), 1, 1), random.pick([0, 0, 1]))
      const { error } = await attempt(table)
      expectCoded(error, `round ${round}, seed ${random.seed}`)
    }
  })
})

/** That nothing went wrong, or something that has a code. */
function expectCoded(error: unknown, where: string): void {
  if (error !== undefined) expect(error, where).toBeInstanceOf(LsmError)
}

/** A block with some of its bytes replaced. */
async function forge(random: Random): Promise<Uint8Array> {
  const table = await tableBytes(randomEntries(random, random.between(1, 30)), {
    blockSize: 100_000,
    blockRestartInterval: 4,
  })
  const reader = await openBytes(table)
  const contents = (await reader.loadPage(0)).slice()
  for (let changes = random.between(1, 4); changes > 0; changes--)
    contents[random.below(contents.length)] = random.below(256)
  return contents
}

interface Attempt {
  /** Everything in the table, if it can be read forwards and backwards, and every key be found. */
  readonly contents?: Entry[]
  readonly problems: readonly string[]
  readonly error?: unknown
}

/** Reads a table in every way there is. */
async function attempt(
  table: Uint8Array,
  options: Partial<TableReaderOptions> = {},
  size = table.length,
): Promise<Attempt> {
  try {
    const reader = await openBytes(table, { cache: new BlockCache(0), ...options }, size)
    const context = new ReadContext()
    const iterator = reader.iterator(context)
    const drive = (call: () => number): number => {
      let move = call()
      for (; move === MISS; move = call()) context.loadSync()
      return move
    }
    const contents: Entry[] = []
    for (let move = drive(() => iterator.seekToFirst()); move === VALID; move = drive(() => iterator.next())) {
      const { key, keyStart, keyEnd, value, valueStart, valueEnd } = iterator
      contents.push({ key: key.slice(keyStart, keyEnd), value: value.slice(valueStart, valueEnd) })
    }
    let backwards = 0
    for (let move = drive(() => iterator.seekToLast()); move === VALID; move = drive(() => iterator.prev())) backwards++
    if (options.verifyChecksums !== false) expect(backwards).toBe(contents.length)
    for (const { key } of contents) {
      const lookup = new LookupKey()
      lookup.assign(key.slice(0, -8), MAX_SEQUENCE)
      if ((await find(reader, lookup)) === 0 && options.verifyChecksums !== false) throw new Error('a key is not found')
    }
    return { contents, problems: reader.problems }
  } catch (error) {
    return { problems: [], error }
  }
}

async function find(reader: TableReader, lookup: LookupKey): Promise<number> {
  const context = new ReadContext()
  const found = new FoundValue()
  let answer = reader.find(lookup, found, context)
  for (; answer === MISS; answer = reader.find(lookup, found, context)) await context.load()
  return answer === FOUND ? FOUND : answer
}

/** The table with a byte changed in the meta block of this name. */
async function damaged(table: Uint8Array, name: string): Promise<Uint8Array> {
  const text = new TextEncoder().encode(name)
  const at = table.findLastIndex((_, i) => text.every((byte, j) => table[i + j] === byte)) + text.length
  // Handles here are of two bytes each: offsets and sizes from 128 to 16,383.
  const offset = (table[at] & 127) | (table[at + 1] << 7)
  return table.with(offset, table[offset] ^ 0x10)
}

/** A table of one data block, one meta block, and a metaindex and an index of any contents. */
function wholeTable(data: Uint8Array, meta: Uint8Array, metaindex: Uint8Array, index?: Uint8Array): Uint8Array {
  const last = internalKey(bytes("'z'"), 1, 1)
  const contents = index ?? block([entry(0, last, handle(0, data.length))])
  const at = data.length + meta.length + 10
  const indexAt = at + metaindex.length + 5
  return concat(
    sealed(data),
    sealed(meta),
    sealed(metaindex),
    sealed(contents),
    footer(handle(at, metaindex.length), handle(indexAt, contents.length)),
  )
}
