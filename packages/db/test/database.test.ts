/**
 * What a user sees of a database: methods, options, encodings, errors.
 */
import { Database, LsmError, type Encoding, type OpenOptions } from '@lsm/db'
import { MemoryFileSystem } from '@lsm/fs'
import { CRASH_VARIANTS, CrashableFileSystem } from '@lsm/fs/testing'
import { describe, expect, test } from 'vitest'

const open = <
  K extends 'utf8' | 'view' | 'json' | 'buffer' = 'utf8',
  V extends 'utf8' | 'view' | 'json' | 'buffer' = 'utf8',
>(
  options: OpenOptions<K, V> = {},
) => Database.open('/db', { fileSystem: new MemoryFileSystem(), ...options })

const code = async (call: () => unknown): Promise<string> => {
  try {
    await call()
    return 'no error'
  } catch (error) {
    return error instanceof LsmError ? error.code : `${(error as Error).name}: ${(error as Error).message}`
  }
}

describe('reading and writing', () => {
  test('put, get, has, del and their many-key forms', async () => {
    await using db = await open()
    await db.put('a', '1')
    await db.put('b', '')
    await db.put('', 'empty key')
    expect(await db.get('a')).toBe('1')
    expect(db.getSync('b')).toBe('')
    expect(await db.get('')).toBe('empty key')
    expect(await db.get('c')).toBeUndefined()
    expect(db.getSync('c')).toBeUndefined()
    expect(await db.getMany(['c', 'a', ''])).toEqual([undefined, '1', 'empty key'])
    expect(await db.has('b')).toBe(true)
    expect(await db.hasMany(['c', 'b'])).toEqual([false, true])
    await db.del('a')
    await db.del('never there')
    expect(await db.get('a')).toBeUndefined()
    expect(await db.has('a')).toBe(false)
  })

  test('a write is visible to reads that begin after it resolved, and reads of one turn see earlier ones', async () => {
    await using db = await open()
    await Promise.all(Array.from({ length: 100 }, (_, i) => db.put(`k${i % 10}`, `${i}`)))
    expect(await db.getMany(['k0', 'k9'])).toEqual(['90', '99'])
    void db.put('first', 'at once')
    expect(db.getSync('first')).toBe('at once')
  })

  test('a batch is applied in order and as one', async () => {
    await using db = await open()
    await db.batch([
      { type: 'put', key: 'a', value: '1' },
      { type: 'del', key: 'a' },
      { type: 'put', key: 'b', value: '1' },
      { type: 'put', key: 'b', value: '2' },
    ])
    expect(await db.iterator().all()).toEqual([['b', '2']])
    const chained = db.batch().put('c', '3').del('b')
    expect(chained.length).toBe(2)
    await chained.write({ sync: true })
    expect(await code(() => chained.put('d', '4'))).toBe('LSM_CLOSED')
    expect(await db.iterator().all()).toEqual([['c', '3']])
    await db.batch([])
  })

  test('a batch with a bad operation changes nothing', async () => {
    await using db = await open()
    const bad = [
      { type: 'put', key: 'a', value: '1' },
      { type: 'increment', key: 'a' },
    ] as never
    expect(await code(() => db.batch(bad))).toMatch(/^TypeError/)
    const worse = [
      { type: 'put', key: 'a', value: '1' },
      { type: 'put', key: 'b', value: undefined },
    ] as never
    expect(await code(() => db.batch(worse))).toMatch(/^TypeError/)
    expect(await db.keys().all()).toEqual([])
  })

  test("what is given may be changed at once, and what was got is the user's", async () => {
    await using db = await open({ keyEncoding: 'view', valueEncoding: 'view' })
    const [key, value] = [Uint8Array.of(1), Uint8Array.of(2, 3)]
    const written = db.put(key, value, { sync: true })
    key[0] = 9
    value[0] = 9
    await written
    const got = (await db.get(Uint8Array.of(1)))!
    expect(got).toEqual(Uint8Array.of(2, 3))
    got.fill(7)
    expect(db.getSync(Uint8Array.of(1))).toEqual(Uint8Array.of(2, 3))
    await db.flush()
    db.getSync(Uint8Array.of(1))!.fill(7)
    expect(db.getSync(Uint8Array.of(1))).toEqual(Uint8Array.of(2, 3))
  })

  test('keys and values that look like parts of an object are only keys and values', async () => {
    await using db = await open()
    for (const key of ['__proto__', 'constructor', 'toString', '\0', '\u{ffff}', '💾', 'ä']) await db.put(key, key)
    for (const key of ['__proto__', 'constructor', 'toString', '\0', '\u{ffff}', '💾', 'ä']) {
      expect(await db.get(key)).toBe(key)
    }
  })

  test('large values and many writes at once', async () => {
    await using db = await open({ writeBufferSize: 64 * 1024, blockSize: 1024 })
    const large = 'x'.repeat(3_000_000)
    await Promise.all([db.put('large', large), ...Array.from({ length: 3000 }, (_, i) => db.put(`k${i}`, `v${i}`))])
    expect(await db.get('large')).toBe(large)
    await db.flush()
    expect(db.getSync('large')).toBe(large)
    expect((await db.keys({ gte: 'k', lt: 'l' }).all()).length).toBe(3000)
  })
})

describe('encodings', () => {
  test('json, view and buffer, for the database and for one call', async () => {
    await using db = await open({ valueEncoding: 'json' })
    await db.put('a', { deep: [1, null, 'x'] })
    expect(await db.get('a')).toEqual({ deep: [1, null, 'x'] })
    expect(await db.get('a', { valueEncoding: 'utf8' })).toBe('{"deep":[1,null,"x"]}')
    const bytes = await db.get('a', { valueEncoding: 'buffer' })
    expect(Buffer.isBuffer(bytes)).toBe(true)
    await db.put(Uint8Array.of(255, 0), Uint8Array.of(1), { keyEncoding: 'view', valueEncoding: 'view' })
    expect(await db.keys({ keyEncoding: 'view', reverse: true, limit: 1 }).all()).toEqual([Uint8Array.of(255, 0)])
  })

  test('one of your own', async () => {
    const number: Encoding<number> = {
      name: 'uint32-be',
      encode: value => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value),
      decode: bytes => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0),
    }
    await using db = await Database.open('/db', { fileSystem: new MemoryFileSystem(), keyEncoding: number })
    for (const n of [256, 1, 70_000]) await db.put(n, 'x')
    expect(await db.keys().all()).toEqual([1, 256, 70_000])
  })

  test('text that is not ASCII, and long text', async () => {
    await using db = await open()
    const texts = [
      'grün',
      'ä'.repeat(500),
      'a'.repeat(41),
      `${'a'.repeat(39)}é`,
      'x'.repeat(200_000),
      'é'.repeat(70_000),
    ]
    for (const text of texts) await db.put(text, text)
    for (const text of texts) expect(await db.get(text)).toBe(text)
  })

  test.each<[string, (db: Database) => unknown]>([
    ['null as key', db => db.put(null as never, 'v')],
    ['a number as value', db => db.put('k', 1 as never)],
    ['undefined as key of get', db => db.get(undefined as never)],
    ['undefined as key of getSync', db => db.getSync(undefined as never)],
    ['keys that are no array', db => db.getMany('abc' as never)],
    ['an encoding that does not exist', db => db.get('k', { valueEncoding: 'utf-8' as never })],
    ['undefined as json', db => db.put('k', undefined, { valueEncoding: 'json' })],
    ['a limit that is no number', db => db.iterator({ limit: 'all' as never })],
    ['a snapshot from elsewhere', db => db.get('k', { snapshot: { sequence: 1 } as never })],
  ])('%s is a TypeError', async (_, call) => {
    await using db = await open()
    expect(await code(() => call(db))).toMatch(/^TypeError/)
    await db.put('still', 'works')
    expect(await db.get('still')).toBe('works')
  })
})

describe('snapshots and iterators', () => {
  test('a snapshot is a moment', async () => {
    await using db = await open()
    await db.put('a', '1')
    const snapshot = db.snapshot()
    await db.put('a', '2')
    await db.put('b', '2')
    await db.flush()
    await db.del('a')
    await db.flush()
    expect(await db.get('a', { snapshot })).toBe('1')
    expect(await db.has('b', { snapshot })).toBe(false)
    expect(await db.iterator({ snapshot }).all()).toEqual([['a', '1']])
    expect(await db.iterator().all()).toEqual([['b', '2']])
    snapshot.close()
    snapshot.close()
    expect(await code(() => db.get('a', { snapshot }))).toBe('LSM_CLOSED')
  })

  test('ways to walk', async () => {
    await using db = await open()
    for (const key of 'abcdef') await db.put(key, key.toUpperCase())
    const iterator = db.iterator({ gt: 'a' })
    expect(await iterator.next()).toEqual(['b', 'B'])
    expect(await iterator.nextv(2)).toEqual([
      ['c', 'C'],
      ['d', 'D'],
    ])
    iterator.seek('b')
    expect(iterator.nextSync()).toEqual(['b', 'B'])
    iterator.seek('a')
    expect(await iterator.next()).toBeUndefined()
    iterator.seek('ee')
    expect(await iterator.all()).toEqual([['f', 'F']])
    expect(await code(() => iterator.next())).toBe('LSM_CLOSED')
    expect([...db.keys({ reverse: true, lte: 'd', limit: 2 })]).toEqual(['d', 'c'])
    expect(await db.values({ gte: 'e' }).all()).toEqual(['E', 'F'])
    expect(await db.keys({ limit: 0 }).all()).toEqual([])
    expect(await db.keys({ gt: 'd', lt: 'b' }).all()).toEqual([])
    for await (const key of db.keys()) if (key === 'c') break
    expect(db.stats().openIterators).toBe(0)
  })

  test('calls on one iterator do not overlap', async () => {
    await using db = await open()
    for (const key of 'abcd') await db.put(key, key)
    const keys = db.keys()
    expect(await Promise.all([keys.next(), keys.next(), keys.nextv(5), keys.next()])).toEqual([
      'a',
      'b',
      ['c', 'd'],
      undefined,
    ])
    await keys.close()
    await keys.close()
  })

  test('a signal ends an iterator', async () => {
    await using db = await open()
    await db.put('a', '1')
    const controller = new AbortController()
    const keys = db.keys({ signal: controller.signal })
    controller.abort(new Error('enough'))
    expect(await code(() => keys.next())).toBe('LSM_ABORTED')
    await keys.close()
  })

  test('clear deletes a range', async () => {
    await using db = await open()
    for (let i = 0; i < 2500; i++) await db.put(`k${i}`, '')
    await db.clear({ gte: 'k1', lt: 'k2' })
    expect((await db.keys().all()).filter(key => key.startsWith('k1'))).toEqual([])
    expect((await db.keys().all()).length).toBe(2500 - 1111 + 0)
    await db.clear()
    expect(await db.keys().all()).toEqual([])
  })
})

describe('life of a database', () => {
  test('a read-only open is not refused for what a writer is doing meanwhile', async () => {
    const fileSystem = new MemoryFileSystem()
    const writer = await Database.open('/w', { fileSystem, workers: 0, writeBufferSize: 4096, maxFileSize: 4096 })
    const progress = { isDone: false }
    const write = async (): Promise<void> => {
      for (let i = 0; i < 3000; i++) await writer.put(`k${i}`, 'v'.repeat(50))
      progress.isDone = true
    }
    const writing = write()
    while (!progress.isDone) {
      const reader = await Database.open('/w', { fileSystem, readOnly: true })
      await reader.close()
      await new Promise(resolve => setImmediate(resolve))
    }
    await writing
    await writer.close()
  })

  test('createIfMissing, errorIfExists, readOnly, destroy', async () => {
    const fileSystem = new MemoryFileSystem()
    expect(await code(() => Database.open('/a', { fileSystem, createIfMissing: false }))).toBe('LSM_NOT_FOUND')
    expect(await code(() => Database.open('/a', { fileSystem, readOnly: true }))).toBe('LSM_NOT_FOUND')
    const db = await Database.open('/a', { fileSystem })
    expect(db.recovery.created).toBe(true)
    await db.put('k', 'v')
    expect(await code(() => Database.open('/a', { fileSystem }))).toBe('LSM_LOCKED')
    const reader = await Database.open('/a', { fileSystem, readOnly: true })
    expect(await reader.get('k')).toBe('v')
    expect(await code(() => reader.put('k', 'w'))).toBe('LSM_READ_ONLY')
    expect(await code(() => reader.flush())).toBe('LSM_READ_ONLY')
    await reader.close()
    expect(await code(() => Database.destroy('/a', { fileSystem }))).toBe('LSM_LOCKED')
    await db.close()
    expect(await code(() => Database.open('/a', { fileSystem, errorIfExists: true }))).toBe('LSM_EXISTS')
    await Database.destroy('/a', { fileSystem })
    await Database.destroy('/a', { fileSystem })
    expect(await code(() => Database.open('/a', { fileSystem, createIfMissing: false }))).toBe('LSM_NOT_FOUND')
  })

  test('destroy touches nothing where there is no database, and leaves what is not its own', async () => {
    const fileSystem = new MemoryFileSystem()
    const directory = await fileSystem.openDirectory('/a', true)
    const names = async (): Promise<string[]> => (await directory.list()).map(({ name }) => name).sort()
    await Database.destroy('/a', { fileSystem })
    expect(await names()).toEqual([])
    const foreign = ['000001.log', 'LOCK', 'LOG', 'notes.txt']
    for (const name of foreign) await directory.replaceFile(name, new Uint8Array(3))
    await Database.destroy('/a', { fileSystem })
    expect(await names()).toEqual(foreign)
    await directory.replaceFile('MANIFEST-000002', new Uint8Array(3))
    await Database.destroy('/a', { fileSystem })
    expect(await names()).toEqual(['notes.txt'])
  })

  test('destroy goes on where one was cut short', async () => {
    const fileSystem = new CrashableFileSystem()
    const db = await Database.open('/a', { fileSystem, workers: 0 })
    await db.put('k', 'v')
    await db.flush()
    await db.put('k', 'w')
    await db.close()
    const before = fileSystem.operations.length
    await Database.destroy('/a', { fileSystem })
    for (const at of fileSystem.crashPoints.filter(point => point >= before)) {
      for (const variant of CRASH_VARIANTS) {
        const after = fileSystem.crash({ at, variant, seed: at })
        await Database.destroy('/a', { fileSystem: after })
        const left = await after.openDirectory('/a', true)
        expect(
          (await left.list()).filter(({ name }) => name !== 'LOCK'),
          `${variant} at ${at}`,
        ).toEqual([])
      }
    }
  })

  test('after close every call fails with LSM_CLOSED, and close may be called again', async () => {
    const db = await open()
    await db.put('k', 'v')
    const iterator = db.iterator()
    await Promise.all([db.close(), db.close()])
    await db.close()
    for (const call of [
      () => db.put('k', 'v'),
      () => db.del('k'),
      () => db.get('k'),
      () => db.getSync('k'),
      () => db.getMany(['k']),
      () => db.has('k'),
      () => db.batch([]),
      () => db.batch(),
      () => db.iterator(),
      () => db.snapshot(),
      () => db.flush(),
      () => db.clear(),
      () => db.stats(),
      () => iterator.next(),
    ]) {
      expect(await code(call), String(call)).toBe('LSM_CLOSED')
    }
  })

  test('close waits for writes that were started', async () => {
    const fileSystem = new MemoryFileSystem()
    const db = await Database.open('/db', { fileSystem, writeBufferSize: 8192 })
    const writes = Array.from({ length: 1000 }, (_, i) => db.put(`k${i}`, 'v'.repeat(50), { sync: i % 10 === 0 }))
    const closed = db.close()
    await Promise.all([...writes, closed])
    await using again = await Database.open('/db', { fileSystem })
    expect((await again.keys().all()).length).toBe(1000)
  })

  test.each<[string, unknown]>([
    ['an option that does not exist', { cacheSiz: 1 }],
    ['a size that is no number', { cacheSize: '64MB' }],
    ['a size that is too small', { writeBufferSize: 10 }],
    ['a codec that does not exist', { compression: 'zstd' }],
    ['a filter that does not exist', { filter: 'bloom' }],
    ['a flag that is no flag', { createIfMissing: 1 }],
  ])('%s is a TypeError', async (_, options) => {
    expect(await code(() => open(options as OpenOptions<'utf8', 'utf8'>))).toMatch(/^TypeError/)
    expect(await code(() => Database.open(''))).toMatch(/^TypeError/)
  })

  test('limits are enforced before anything is written', async () => {
    await using db = await open({ maxKeySize: 10, maxValueSize: 20 })
    expect(await code(() => db.put('k'.repeat(11), 'v'))).toBe('LSM_LIMIT')
    expect(await code(() => db.put('k', 'v'.repeat(21)))).toBe('LSM_LIMIT')
    expect(
      await code(() =>
        db.batch([
          { type: 'put', key: 'a', value: 'b' },
          { type: 'del', key: 'k'.repeat(11) },
        ]),
      ),
    ).toBe('LSM_LIMIT')
    await db.put('k'.repeat(10), 'v'.repeat(20))
    expect(await db.keys().all()).toEqual(['k'.repeat(10)])
  })

  test('stats and approximate sizes', async () => {
    await using db = await open({ blockSize: 512, compression: false })
    for (let i = 0; i < 1000; i++) await db.put(`k${String(i).padStart(4, '0')}`, 'v'.repeat(100))
    expect(db.stats().memtables.entries).toBe(1000)
    await db.flush()
    const { levels, flushes } = db.stats()
    expect(levels).toMatchObject([{ level: 0, tables: 1, bytes: flushes.bytes, bytesWritten: flushes.bytes }])
    const half = await db.approximateSize('k0000', 'k0500')
    expect(half).toBeGreaterThan(45_000)
    expect(half).toBeLessThan(65_000)
  })
})
