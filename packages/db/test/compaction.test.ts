/**
 * Compaction from outside: contents stay what a map says under every strategy and thread setting, space comes back,
 * LevelDB reads the result, and every wait has a name and an end.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Database, LsmError, type CompactionEvent, type OpenOptions, type StallEvent } from '@lsm/db'
import { MemoryFileSystem } from '@lsm/fs'
import { Random, testSeed } from '@lsm/testkit'
import { ClassicLevel } from 'classic-level'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { FailingFileSystem } from './failing-file-system.ts'
import { Model } from './model.ts'

type Options = OpenOptions<'utf8', 'utf8'>

/** Limits so small that a few thousand writes go through every level. */
const SMALL = {
  writeBufferSize: 16 * 1024,
  maxFileSize: 8 * 1024,
  blockSize: 512,
  baseLevelSize: 32 * 1024,
  levelMultiplier: 4,
} as const satisfies Options

const seed = testSeed(515)
let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lsm-compaction-'))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const place = (): string => mkdtempSync(join(folder, 'db-'))

/** Moves one iterator about, which is open as long as the database. */
function seekAgain(): (db: Database, i: number) => Promise<unknown> {
  let keys: ReturnType<Database['keys']> | undefined
  return async (db, i) => {
    keys ??= db.keys()
    keys.seek(`k${i}`)
    return keys.next()
  }
}

/** Bytes of the tables in a directory. */
function tableBytes(path: string): number {
  const tables = readdirSync(path).filter(name => name.endsWith('.ldb'))
  return tables.reduce((sum, name) => sum + statSync(join(path, name)).size, 0)
}

/** Random writes to a database and to a model; a snapshot and an iterator are opened on the way. */
async function churn(db: Database, model: Model, random: Random, writes: number): Promise<void> {
  for (let i = 0; i < writes; i += 10) {
    const batch = db.batch()
    for (let j = 0; j < 10; j++) {
      const key = `key-${String(random.skewed(2000)).padStart(5, '0')}`
      if (random.oneIn(4)) {
        batch.del(key)
        model.del(key)
      } else {
        const value = `${random.word()}-`.repeat(random.between(1, 8))
        batch.put(key, value)
        model.put(key, value)
      }
    }
    await batch.write()
  }
}

async function expectEqual(
  db: Database,
  model: Model,
  snapshot?: { snapshot: ReturnType<Database['snapshot']> },
): Promise<void> {
  expect(await db.iterator({ ...snapshot }).all()).toEqual(model.entries())
  expect(db.iterator({ ...snapshot, reverse: true }).allSync()).toEqual(model.entries({ reverse: true }))
  for (const key of ['key-00000', 'key-00001', 'key-00100', 'key-01999', 'absent']) {
    expect(await db.get(key, { ...snapshot })).toBe(model.get(key))
  }
}

describe.each(['leveled', 'tiered', 'fifo'] as const)('with the %s strategy', strategy => {
  test.each([0, 1, 2])('and %i workers, contents are those of a map before, during and after', async workers => {
    const path = place()
    const random = new Random(seed + workers)
    const model = new Model()
    const options = { ...SMALL, strategy, workers } satisfies Options
    let db = await Database.open(path, options)
    for (let round = 0; round < 3; round++) {
      await churn(db, model, random, 2500)
      using snapshot = db.snapshot()
      const moment = model.copy()
      const iterator = db.iterator()
      await churn(db, model, random, 2500)
      await expectEqual(db, model)
      await expectEqual(db, moment, { snapshot })
      await db.compactRange({ gte: 'key-00100', lt: 'key-01000' })
      await db.settled()
      await expectEqual(db, model)
      await expectEqual(db, moment, { snapshot })
      expect(await iterator.all()).toEqual(moment.entries())
      if (round === 1) {
        await db.close()
        db = await Database.open(path, options)
      }
    }
    expect(db.stats().runner).toBe(workers === 0 ? 'inline' : 'workers')
    if (strategy !== 'fifo') expect(db.stats().compactions.count).toBeGreaterThan(0)
    await db.close()

    const level = new ClassicLevel(path, { createIfMissing: false })
    expect(await level.iterator().all()).toEqual(model.entries())
    await level.compactRange('', '\u{ffff}')
    expect(await level.iterator().all()).toEqual(model.entries())
    await level.close()
    await using again = await Database.open(path, options)
    await expectEqual(again, model)
  })
})

describe('space comes back', () => {
  test('after deleting nine tenths, by waiting for background work', async () => {
    const path = place()
    await using db = await Database.open(path, SMALL)
    const value = new Random(seed).bytes(100, 64).join('').slice(0, 100)
    for (let i = 0; i < 10_000; i++) await db.put(`k${String(i).padStart(6, '0')}`, value)
    await db.flush()
    await db.settled()
    const full = tableBytes(path)
    for (let i = 0; i < 10_000; i++) if (i % 10 !== 0) await db.del(`k${String(i).padStart(6, '0')}`)
    await db.flush()
    await db.settled()
    const live = await liveBytes(db)
    expect(tableBytes(path)).toBeLessThan(full / 2)
    expect(tableBytes(path)).toBeLessThan(1.3 * live)
    expect((await db.keys().all()).length).toBe(1000)
  })

  /** What the live entries take in a database of their own. */
  async function liveBytes(db: Database): Promise<number> {
    const path = place()
    await using copy = await Database.open(path, SMALL)
    for await (const [key, value] of db.iterator()) await copy.put(key, value)
    await copy.compactRange()
    return tableBytes(path)
  }

  test('at once by compactRange, except what a snapshot sees', async () => {
    const path = place()
    await using db = await Database.open(path, SMALL)
    for (let i = 0; i < 3000; i++) await db.put(`k${i}`, 'x'.repeat(50))
    using snapshot = db.snapshot()
    await db.clear()
    await db.compactRange()
    expect(await db.keys().all()).toEqual([])
    expect((await db.keys({ snapshot }).all()).length).toBe(3000)
    snapshot.close()
    const progress: number[] = []
    await db.compactRange({}, { onProgress: ({ steps }) => progress.push(steps) })
    expect(progress.length).toBeGreaterThan(0)
    expect(tableBytes(path)).toBe(0)
  })

  test('by age, where that is asked for', async () => {
    const path = place()
    await using db = await Database.open(path, { ...SMALL, maxTableAge: 1 })
    for (let i = 0; i < 500; i++) await db.put(`k${i}`, 'x'.repeat(50))
    await db.flush()
    await db.settled()
    expect(
      db
        .stats()
        .levels.filter(({ tables }) => tables > 0)
        .map(({ level }) => level),
    ).not.toContain(0)
  })

  test.each<[what: string, read: (db: Database, i: number) => Promise<unknown>, enough: number]>([
    ['seeks', async (db, i) => db.keys({ gte: `k${i}`, limit: 1 }).all(), 512],
    ['seeks of one iterator', seekAgain(), 512],
  ])('of level 0, which is merged away once it has cost many %s', async (_, read, enough) => {
    await using db = await Database.open('/read-heavy', { fileSystem: new MemoryFileSystem(), workers: 0 })
    const contents = new Map<string, string>()
    const put = async (key: string, value: string): Promise<void> => {
      contents.set(key, value)
      await db.put(key, value)
    }
    for (let i = 0; i < 1000; i++) await put(`k${i}`, 'x'.repeat(50))
    await db.compactRange()
    for (let i = 0; i < 1000; i += 7) await put(`k${i}`, 'y')
    await db.flush()
    await db.settled()
    const level0 = async (): Promise<number> => {
      await new Promise(resolve => setImmediate(resolve))
      await db.settled()
      return db.stats().levels[0].tables
    }
    for (let i = 0; i < enough / 2; i++) await read(db, i)
    expect(await level0()).toBe(1)
    for (let i = 0; i < enough / 2; i++) await read(db, i)
    expect(await level0()).toBe(0)
    expect(new Map(await db.iterator().all())).toEqual(contents)
  })

  test('fifo drops the oldest beyond its bytes', async () => {
    await using db = await Database.open(place(), { ...SMALL, strategy: 'fifo', fifoMaxBytes: 40_000 })
    for (let i = 0; i < 5000; i++) await db.put(`k${String(i).padStart(5, '0')}`, `${i}`.repeat(10))
    await db.flush()
    await db.settled()
    expect(db.stats().levels.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(40_000)
    expect(await db.get('k04999')).toBe('4999'.repeat(10))
    expect(await db.get('k00000')).toBeUndefined()
  })
})

describe('writes that outrun compaction', () => {
  test('are slowed down, then wait, and every stall is told with its cause and end', async () => {
    const options = { ...SMALL, level0SlowdownTrigger: 4, level0StopTrigger: 6, level0CompactionTrigger: 4 } as const
    await using db = await Database.open('/db', { ...options, fileSystem: new MemoryFileSystem() })
    const stalls: StallEvent[] = []
    db.events.on('stall', event => stalls.push(event))
    await db.pauseCompaction()
    const controller = new AbortController()
    let written = 0
    const writing = (async () => {
      for (; ; written++) await db.put(`k${written}`, 'x'.repeat(200), { signal: controller.signal })
    })()
    while (db.pressure.pressure < 1) await new Promise(resolve => setImmediate(resolve))
    expect(db.pressure.cause).toBe('level0')
    controller.abort(new Error('too slow'))
    await expect(writing).rejects.toMatchObject({ code: 'LSM_ABORTED' })
    expect(await db.get(`k${written - 1}`)).toBe('x'.repeat(200))
    expect(await db.get(`k${written}`)).toBeUndefined()
    const waiting = db.put('after', 'the stall')
    db.resumeCompaction()
    await waiting
    await db.settled()
    expect(db.pressure.pressure).toBe(0)
    for (const stopped of [false, true]) {
      const phases = stalls
        .filter(stall => stall.stopped === stopped && stall.cause === 'level0')
        .map(({ phase }) => phase)
      expect(phases.slice(0, 2)).toEqual(['start', 'end'])
      expect(phases.length % 2).toBe(0)
    }
    expect(db.stats().stalls.find(({ cause }) => cause === 'level0')?.count).toBeGreaterThan(1)
  })

  test('do not wait for work that the strategy does not plan', async () => {
    const strategy = {
      name: 'content',
      usesLevels: true,
      plan: () => undefined,
      scores: () => [9, 0, 0, 0, 0, 0, 0],
      pendingBytes: () => Number.MAX_SAFE_INTEGER,
      planRange: () => undefined,
    }
    const options = { ...SMALL, strategy, level0SlowdownTrigger: 1, level0StopTrigger: 2 }
    await using db = await Database.open('/db', { ...options, fileSystem: new MemoryFileSystem() })
    for (let i = 0; i < 1000; i++) await db.put(`k${i}`, 'x'.repeat(100))
    expect(db.stats().levels[0].tables).toBeGreaterThan(3)
    expect(db.pressure.pressure).toBe(0)
  })

  test('wait for frozen memtables, under that name', async () => {
    await using db = await Database.open('/db', {
      writeBufferSize: 4096,
      maxFrozenMemTables: 1,
      fileSystem: new MemoryFileSystem(),
    })
    const causes = new Set<string>()
    db.events.on('stall', ({ cause }) => causes.add(cause))
    await Promise.all(Array.from({ length: 2000 }, (_, i) => db.put(`k${i}`, 'x'.repeat(100))))
    for (let i = 0; i < 200; i++) await db.put(`k${i}`, 'y'.repeat(1000))
    expect([...causes]).toContain('memtables')
    expect((await db.keys().all()).length).toBe(2000)
  })
})

describe('jobs that fail', () => {
  test('are tried again, and told; nothing is lost', async () => {
    const fileSystem = new FailingFileSystem(new MemoryFileSystem())
    await using db = await Database.open('/db', { ...SMALL, fileSystem })
    const attempts: number[] = []
    db.events.on('error', ({ attempt, retried }) => {
      attempts.push(attempt)
      expect(retried).toBe(true)
    })
    for (let i = 0; i < 50; i++) await db.put(`k${i}`, 'v')
    fileSystem.failWhen = name => name.startsWith('sync') && name.endsWith('.ldb') && attempts.length < 2
    await db.flush()
    expect(attempts).toEqual([1, 2])
    expect((await db.keys().all()).length).toBe(50)
    expect(db.stats().failure).toBeUndefined()
  })

  test('stop background work and writes in the end, with a code; reads go on', async () => {
    const fileSystem = new FailingFileSystem(new MemoryFileSystem())
    const db = await Database.open('/db', { ...SMALL, fileSystem })
    for (let i = 0; i < 50; i++) await db.put(`k${i}`, 'v')
    fileSystem.failWhen = name => name.startsWith('create') && name.endsWith('.ldb')
    await expect(db.flush()).rejects.toMatchObject({ code: 'LSM_IO' })
    await expect(db.put('k', 'v')).rejects.toMatchObject({ code: 'LSM_READ_ONLY' })
    expect((await db.keys().all()).length).toBe(50)
    await db.close()
    fileSystem.failWhen = undefined
    await using again = await Database.open('/db', { ...SMALL, fileSystem })
    expect((await again.keys().all()).length).toBe(50)
  })

  test('a damaged input stops compaction instead of being dropped or spread', async () => {
    const inner = new MemoryFileSystem()
    const write = async (): Promise<Database> =>
      Database.open('/db', { ...SMALL, compression: false, fileSystem: inner })
    let db = await write()
    await db.pauseCompaction()
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 50; i++) await db.put(`k${i}`, `v${round}`.repeat(20))
      await db.flush()
    }
    await db.close()
    const directory = await inner.openDirectory('/db', false)
    const table = (await directory.list()).find(({ name }) => name.endsWith('.ldb'))!.name
    const file = await directory.openFile(table)
    const bytes = new Uint8Array(file.size)
    await file.read(0, bytes, 0, bytes.length)
    bytes[100] ^= 1
    const damaged = await directory.createFile(table)
    damaged.append(bytes, 0, bytes.length)
    await damaged.close()
    db = await write()
    await expect(db.settled()).rejects.toMatchObject({ code: 'LSM_CORRUPTION', file: table })
    expect((await directory.list()).filter(({ name }) => name.endsWith('.ldb'))).toHaveLength(5)
    await db.close()
  })
})

describe('control', () => {
  test('compactRange is cancelled by its signal, and close does not wait for it', async () => {
    const path = place()
    // Writes would wait while compaction is paused, if level 0 could get full.
    const db = await Database.open(path, { ...SMALL, level0SlowdownTrigger: 1000 })
    await db.pauseCompaction()
    for (let i = 0; i < 2000; i++) await db.put(`k${i}`, 'x'.repeat(100))
    const controller = new AbortController()
    const cancelled = db.compactRange({}, { signal: controller.signal })
    controller.abort()
    await expect(cancelled).rejects.toMatchObject({ code: 'LSM_ABORTED' })
    const [refused] = await Promise.allSettled([db.compactRange(), db.close()])
    expect(refused).toMatchObject({ status: 'rejected', reason: expect.any(LsmError) })
    await using again = await Database.open(path, SMALL)
    expect((await again.keys().all()).length).toBe(2000)
  })

  test('events come in pairs, on the database and on diagnostics channels', async () => {
    const heard: unknown[] = []
    const listen = (message: unknown): void => void heard.push(message)
    subscribe('lsm:compaction', listen)
    await using db = await Database.open('/heard', { ...SMALL, fileSystem: new MemoryFileSystem() })
    const events: CompactionEvent[] = []
    const stop = db.events.on('compaction', event => events.push(event))
    for (let i = 0; i < 2000; i++) await db.put(`k${i % 200}`, 'x'.repeat(100))
    await db.flush()
    await db.settled()
    unsubscribe('lsm:compaction', listen)
    expect(events.filter(({ phase }) => phase === 'start').length).toBe(
      events.filter(({ phase }) => phase === 'end').length,
    )
    expect(events.length).toBeGreaterThan(1)
    expect(heard).toEqual(events.map(event => ({ path: '/heard', event })))
    stop()
    const before = events.length
    await db.compactRange()
    expect(events.length).toBe(before)
  })

  test('background writes keep to their rate, and contents are right', async () => {
    await using db = await Database.open(place(), { ...SMALL, backgroundWriteRate: 4 << 20 })
    for (let i = 0; i < 3000; i++) await db.put(`k${i % 500}`, `${i}`.repeat(20))
    await db.compactRange()
    expect(await db.get('k499')).toBe('2999'.repeat(20))
    expect((await db.keys().all()).length).toBe(500)
  })

  test('a strategy of your own is asked', async () => {
    const asked: number[] = []
    const strategy = {
      name: 'none',
      usesLevels: false,
      plan() {
        asked.push(1)
        return undefined
      },
      scores: () => [0, 0, 0, 0, 0, 0, 0],
      pendingBytes: () => 0,
      planRange: () => undefined,
    }
    await using db = await Database.open('/own', { ...SMALL, strategy, fileSystem: new MemoryFileSystem() })
    for (let i = 0; i < 1000; i++) await db.put(`k${i}`, 'x'.repeat(50))
    await db.compactRange()
    expect(asked.length).toBeGreaterThan(0)
    expect(db.stats().levels[0].tables).toBeGreaterThan(2)
  })
})
