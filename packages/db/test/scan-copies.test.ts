/**
 * What scans hand out is the user's: entries of pages that are copied whole, of such that are not, and of memtables.
 */
import { Database } from '@lsm/db'
import { MemoryFileSystem } from '@lsm/fs/memory'
import { Random, testSeed } from '@lsm/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

type Pair = readonly [key: Uint8Array, value: Uint8Array]

const LONG = 'a name that many keys share, '.repeat(10)

/** What keys begin with, and how long values are. */
const SHAPES: readonly [name: string, prefix: string, valueSize: number][] = [
  ['short keys', 'k', 100],
  ['keys that share so much that pages stay folded', LONG, 3],
  ['values larger than pages', 'k', 30_000],
]

describe.each(SHAPES)('a scan of %s', (_, prefix, valueSize) => {
  let db: Database<Uint8Array, Uint8Array>
  let entries: Pair[]

  beforeAll(async () => {
    const count = valueSize > 1000 ? 40 : 2000
    db = await Database.open('/scans', {
      fileSystem: new MemoryFileSystem(),
      keyEncoding: 'view',
      valueEncoding: 'view',
      workers: 0,
    })
    const random = new Random(testSeed(1))
    entries = Array.from({ length: count }, (_, i) => [
      new TextEncoder().encode(prefix + String(i).padStart(6, '0')),
      random.bytes(valueSize),
    ])
    const shuffled = entries.toSorted(() => random.below(3) - 1)
    for (const [i, [key, value]] of shuffled.entries()) {
      await db.put(key, value)
      // Several tables that overlap, and a memtable.
      if (i % Math.ceil(count / 4) === count >> 4) await db.flush()
    }
  })

  afterAll(async () => {
    await db.close()
  })

  for (const reverse of [false, true]) {
    const way = reverse ? 'backwards' : 'forwards'

    test.each([1, 7, 24, 25, 199, 1000])(`gives what is there, ${way}, %i at a time`, async size => {
      expectSame(await scan(db, reverse, size), reverse ? entries.toReversed() : entries)
    })

    test(`gives what the user may overwrite, ${way}`, async () => {
      const expected = reverse ? entries.toReversed() : entries
      const kept = await scan(db, reverse, 1000)
      for (const [key, value] of await scan(db, reverse, 1000)) {
        key.fill(0xee)
        value.fill(0xee)
      }
      expectSame(kept, expected)
      expectSame(await scan(db, reverse, 1000), expected)
      for (const [key, value] of kept.slice(0, 5)) expect(Buffer.compare((await db.get(key))!, value)).toBe(0)
    })

    test(`gives buffers, ${way}`, async () => {
      const found = await db.iterator({ reverse, keyEncoding: 'buffer', valueEncoding: 'buffer' }).all()
      expect(found.every(([key, value]) => Buffer.isBuffer(key) && Buffer.isBuffer(value))).toBe(true)
      expectSame(found, reverse ? entries.toReversed() : entries)
    })
  }

  test('gives keys alone, and values alone', async () => {
    const keys = await db.keys().all()
    const values = await db.values().all()
    expectSame(
      keys.map((key, i) => [key, values[i]]),
      entries,
    )
  })
})

describe('an iterator that is disposed of while it waits for the disk', () => {
  test('leaves nothing to the next one', async () => {
    const options = { fileSystem: new MemoryFileSystem(), cacheSize: 16 << 20, workers: 0 }
    const names = Array.from({ length: 5000 }, (_, i) => String(i).padStart(5, '0'))
    {
      await using db = await Database.open('/left', options)
      for (const name of names) await db.put(name, name.repeat(20))
      await db.flush()
    }
    await using db = await Database.open('/left', options)
    for (let round = 0; round < 12; round++) {
      const left = db.iterator({ gte: names[round * 100] })
      const waiting = left.nextv(1000)
      for (let turns = round % 5; turns > 0; turns--) await Promise.resolve()
      left[Symbol.dispose]()
      const start = 3900 - round * 150
      using next = db.iterator({ gte: names[start] })
      const [, found] = await Promise.allSettled([waiting, next.nextv(1000)])
      expect(found).toMatchObject({ value: names.slice(start, start + 1000).map(name => [name, name.repeat(20)]) })
    }
  })
})

async function scan(db: Database<Uint8Array, Uint8Array>, reverse: boolean, size: number): Promise<Pair[]> {
  await using iterator = db.iterator({ reverse })
  const found: Pair[] = []
  for (let some = await iterator.nextv(size); some.length > 0; some = await iterator.nextv(size)) found.push(...some)
  return found
}

/** Byte by byte, but faster than the test runner does. */
function expectSame(found: readonly Pair[], expected: readonly Pair[]): void {
  expect(found).toHaveLength(expected.length)
  const at = expected.findIndex(
    ([key, value], i) => Buffer.compare(found[i][0], key) !== 0 || Buffer.compare(found[i][1], value) !== 0,
  )
  expect(at, 'the first entry that differs').toBe(-1)
}
