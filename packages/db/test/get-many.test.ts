/**
 * Many keys at a time give what each gives alone, wherever it is.
 */
import { Database, type Encoding } from '@lsm/db'
import { MemoryFileSystem } from '@lsm/fs'
import { describe, expect, test } from 'vitest'

const KEYS = Array.from({ length: 400 }, (_, i) => `k${String(i).padStart(4, '0')}`)

/** What is asked for: keys that are there and between them others that are not, and some twice. */
const ASKED = [...KEYS.flatMap(key => [key, `${key}x`]), 'a', 'z', KEYS[7], KEYS[7]]

/** With one bit for a key a filter is often wrong: the first table that admits a key mostly does not hold it. */
const FILTERS = [
  ['none', { filter: 'none' }],
  ['of blocks', { filter: 'leveldb' }],
  ['of tables', { filter: 'blocked' }],
  ['of tables, often wrong', { filter: 'blocked', filterBitsPerKey: 1 }],
] as const

describe.each(FILTERS)('with filters: %s', (_, filter) => {
  test.each([
    ['nothing stays in memory', 0],
    ['some does', 8 * 1024],
    ['all does', 1 << 20],
  ])('every value is that of a get, where %s', async (_name, cacheSize) => {
    const options = { fileSystem: new MemoryFileSystem(), workers: 0, blockSize: 512, cacheSize, ...filter }
    await using db = await Database.open('/db', options)
    await fill(db)
    for (let round = 0; round < 3; round++) {
      const alone = await Promise.all(ASKED.map(key => db.get(key)))
      expect(await db.getMany(ASKED)).toEqual(alone)
      expect(alone.filter(value => value !== undefined).length).toBeGreaterThan(200)
    }
  })
})

test('a snapshot keeps what it shows, in memory and in tables', async () => {
  await using db = await Database.open('/db', { fileSystem: new MemoryFileSystem(), workers: 0 })
  await fill(db)
  using snapshot = db.snapshot()
  const before = await db.getMany(ASKED)
  for (const key of KEYS) await db.put(key, 'later')
  expect(await db.getMany(ASKED, { snapshot })).toEqual(before)
  await db.flush()
  expect(await db.getMany(ASKED, { snapshot })).toEqual(before)
  expect(new Set(await db.getMany(KEYS))).toEqual(new Set(['later']))
})

test('so many keys that it takes long leave the event loop free, and a close waits for them', async () => {
  const db = await Database.open('/db', { fileSystem: new MemoryFileSystem(), workers: 0 })
  await fill(db)
  await db.flush()
  const asked = Array.from({ length: 100_000 }, (_, i) => KEYS[i % KEYS.length])
  let turns = 0
  const turn = (): void => {
    turns++
    next = setImmediate(turn)
  }
  let next = setImmediate(turn)
  const reading = db.getMany(asked)
  const closing = db.close()
  const values = await reading
  clearImmediate(next)
  await closing
  expect(values.slice(-400)).toEqual(values.slice(0, 400))
  expect(turns).toBeGreaterThan(1)
})

test('the arrays of keys may be used again as soon as the call has returned, however many they are', async () => {
  await using db = await Database.open('/db', { fileSystem: new MemoryFileSystem(), workers: 0, keyEncoding: 'view' })
  const [key, another] = ['key', 'another'].map(text => new TextEncoder().encode(text))
  await db.put(key, 'value')
  await db.put(another, 'of another')
  const asked = Array.from({ length: 100_000 }, () => key.slice())
  const reading = db.getMany(asked)
  for (const bytes of asked) bytes.set(another.subarray(0, bytes.length))
  expect(new Set(await reading)).toEqual(new Set(['value']))
})

test('an encoding may put all that it encodes into one array', async () => {
  const bytes = new Uint8Array(8)
  const encoding: Encoding<string> = {
    name: 'sparing',
    encode: text => bytes.subarray(0, new TextEncoder().encodeInto(text, bytes).written),
    decode: stored => new TextDecoder().decode(stored),
  }
  const options = { fileSystem: new MemoryFileSystem(), workers: 0, keyEncoding: encoding, valueEncoding: encoding }
  await using db = await Database.open('/db', options)
  await db.put('a', 'one')
  await db.batch([
    { type: 'put', key: 'b', value: 'two' },
    { type: 'put', key: 'c', value: 'three' },
  ])
  expect(await db.getMany(['a', 'b', 'c', 'd'])).toEqual(['one', 'two', 'three', undefined])
  expect(await db.keys({ gte: 'b', lt: 'c' }).all()).toEqual(['b'])
})

test('long keys are found like short ones', async () => {
  await using db = await Database.open('/db', { fileSystem: new MemoryFileSystem(), workers: 0 })
  const keys = Array.from({ length: 100 }, (_, i) => `${i} `.repeat(i * 10))
  for (const key of keys) await db.put(key, `of ${key.length}`)
  const expected = keys.map(key => `of ${key.length}`)
  expect(await db.getMany(keys)).toEqual(expected)
  await db.flush()
  expect(await db.getMany(keys)).toEqual(expected)
})

/** An encoding of values as text that does something before it gives each. */
function textAfter(act: () => void): Encoding<string> {
  return {
    name: 'text',
    encode: value => new TextEncoder().encode(value),
    decode(bytes) {
      act()
      return new TextDecoder().decode(bytes)
    },
  }
}

const fail = (): never => {
  throw new RangeError('not decodable')
}

test('an encoding may read many keys while it decodes one of many', async () => {
  await using db = await Database.open('/db', { fileSystem: new MemoryFileSystem(), workers: 0 })
  await fill(db)
  const alone = await Promise.all(ASKED.map(key => db.get(key)))
  const inner: Promise<unknown>[] = []
  const valueEncoding = textAfter(() => inner.push(db.getMany(ASKED.toReversed())))
  expect(await db.getMany(ASKED, { valueEncoding })).toEqual(alone)
  for (const values of await Promise.all(inner)) expect(values).toEqual(alone.toReversed())
})

test('what it reads may fail', async () => {
  await using db = await Database.open('/db', { fileSystem: new MemoryFileSystem(), workers: 0 })
  await fill(db)
  const alone = await Promise.all(ASKED.map(key => db.get(key)))
  const inner: Promise<unknown>[] = []
  const failing = { valueEncoding: textAfter(fail) }
  const valueEncoding = textAfter(() => inner.push(db.getMany(ASKED.toReversed(), failing).catch(() => 'failed')))
  expect(await db.getMany(ASKED, { valueEncoding })).toEqual(alone)
  expect(new Set(await Promise.all(inner))).toEqual(new Set(['failed']))
})

test('an encoding that fails fails the call, and no later one', async () => {
  await using db = await Database.open('/db', { fileSystem: new MemoryFileSystem(), workers: 0 })
  await fill(db)
  await expect(db.getMany(ASKED, { valueEncoding: textAfter(fail) })).rejects.toThrow('not decodable')
  expect(await db.getMany(ASKED)).toEqual(await Promise.all(ASKED.map(key => db.get(key))))
})

/** Tables of several levels that know different keys, values and deletions over one another, and a memtable with both. */
async function fill(db: Database): Promise<void> {
  const layers: readonly (readonly [step: number, value: string | undefined])[] = [
    [1, 'oldest'],
    [3, 'older'],
    [7, undefined],
    [11, 'newer'],
  ]
  for (const [step, value] of layers) {
    await write(db, step, value)
    await db.flush()
    if (value === 'older') await db.compactRange()
  }
  await write(db, 29, 'newest')
  await write(db, 31, undefined)
}

/** Puts or deletes each so many keys. */
async function write(db: Database, step: number, value: string | undefined): Promise<void> {
  for (let i = 0; i < KEYS.length; i += step) {
    if (value === undefined) await db.del(KEYS[i])
    else await db.put(KEYS[i], `${value} ${i}`)
  }
}
