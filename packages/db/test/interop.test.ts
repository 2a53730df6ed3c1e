/**
 * LevelDB's directories here, ours in LevelDB, and both taking turns in one.
 */
import { fork } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Database, type OpenOptions } from '@lsm/db'
import { Random, testSeed } from '@lsm/testkit'
import { ClassicLevel } from 'classic-level'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { expected, fixtures, summary, unpack } from './fixtures.ts'

const seed = testSeed(31)
let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lsm-interop-'))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const BYTES = { keyEncoding: 'view', valueEncoding: 'view' } as const

async function readHere(path: string, options: OpenOptions = {}): Promise<string[]> {
  await using db = await Database.open(path, { ...options, ...BYTES })
  const forwards = (await db.iterator().all()).map(([key, value]) => summary(key, value))
  const backwards = (await db.iterator({ reverse: true }).all()).map(([key, value]) => summary(key, value))
  expect(backwards.toReversed()).toEqual(forwards)
  for (const [key, value] of db.iterator({ limit: 300 })) {
    expect(summary(key, db.getSync(key)!)).toBe(summary(key, value))
  }
  return forwards
}

async function readThere(path: string): Promise<string[]> {
  const db = new ClassicLevel<Uint8Array, Uint8Array>(path, { ...BYTES, createIfMissing: false })
  await db.open()
  const found = (await db.iterator().all()).map(([key, value]) => summary(key, value))
  for (const [key, value] of await db.iterator({ limit: 300 }).all()) {
    expect(summary(key, (await db.get(key))!)).toBe(summary(key, value))
  }
  await db.close()
  return found
}

describe('directories written by other software', () => {
  const bytewise = fixtures.filter(({ comparator }) => comparator === 'leveldb.BytewiseComparator')

  test.each(bytewise.map(({ id, producer }) => [id, producer]))('%s, by %s', async id => {
    const path = unpack(id, mkdtempSync(join(folder, 'read-')))
    expect(await readHere(path, { readOnly: true })).toEqual(expected(id))
    expect(await readHere(path)).toEqual(expected(id))
    expect(await readHere(path, { cacheSize: 0, maxOpenFiles: 1, filter: 'leveldb' })).toEqual(expected(id))
    expect(await readThere(path)).toEqual(expected(id))
    expect(await readHere(path)).toEqual(expected(id))
  })

  test('one in another order of keys is refused, and left as it is', async () => {
    const path = unpack('cpp-reverse-comparator', mkdtempSync(join(folder, 'order-')))
    const before = readdirSync(path).sort()
    await expect(Database.open(path)).rejects.toMatchObject({ code: 'LSM_NOT_SUPPORTED' })
    expect(readdirSync(path).sort()).toEqual(before)
  })
})

describe('the log that a MANIFEST of other software names is missing', () => {
  const withoutLog = (id: string, log: string): string => {
    const path = unpack(id, mkdtempSync(join(folder, 'log-')))
    rmSync(join(path, log))
    return path
  }

  test.each([
    ['cl-empty', '000003.log', 0],
    ['cpp-index-keys', '000004.log', expected('cpp-index-keys').length],
    ['cl-multi-snappy', '000157.log', undefined],
  ])('%s opens and reports it, as LevelDB opens it', async (id, log, entries) => {
    const path = withoutLog(id, log)
    for (const options of [{ readOnly: true }, {}]) {
      await using db = await Database.open(path, { ...BYTES, ...options })
      expect(db.recovery.dropped).toMatchObject([{ file: log, offset: 0, bytes: 0 }])
      if (entries !== undefined) expect((await db.keys().all()).length).toBe(entries)
    }
    await using again = await Database.open(path, BYTES)
    expect(again.recovery.dropped).toEqual([])
  })

  test("'strict' refuses it", async () => {
    const path = withoutLog('cl-empty', '000003.log')
    const refused = { code: 'LSM_CORRUPTION', file: '000003.log' }
    await expect(Database.open(path, { recovery: 'strict' })).rejects.toMatchObject(refused)
  })

  test('it is refused where the next log begins later than the tables end', async () => {
    const path = withoutLog('go-default', '000017.log')
    await expect(Database.open(path)).rejects.toMatchObject({ code: 'LSM_CORRUPTION', file: '000019.log' })
  })
})

/** Random operations that can be applied to both databases. */
function operations(random: Random, count: number): { type: 'put' | 'del'; key: Buffer; value: Buffer }[] {
  return Array.from({ length: count }, () => ({
    type: random.oneIn(5) ? ('del' as const) : ('put' as const),
    key: Buffer.from(`key-${random.skewed(count)}`),
    value: Buffer.from(random.bytes(random.oneIn(40) ? random.below(9000) : random.below(120), random.pick([2, 256]))),
  }))
}

describe('directories written here', () => {
  test.each([
    ['a log only', 50, {}],
    ['small tables', 4000, { writeBufferSize: 20_000, blockSize: 300 }],
    ['tables without snappy', 4000, { writeBufferSize: 40_000, compression: false }],
    ["tables with LevelDB's filter", 4000, { writeBufferSize: 40_000, filter: 'leveldb' }],
    ['tables with both filters', 4000, { writeBufferSize: 60_000, filter: 'both', blockRestartInterval: 1 }],
    ['large tables', 20_000, { writeBufferSize: 1 << 20 }],
  ] as const)('%s', async (name, count, options) => {
    const path = mkdtempSync(join(folder, 'write-'))
    const random = new Random(seed + count + name.length)
    const model = new Map<string, Buffer>()
    const db = await Database.open(path, { ...options, keyEncoding: 'buffer', valueEncoding: 'buffer' })
    for (const operation of operations(random, count)) {
      if (operation.type === 'put') model.set(operation.key.toString(), operation.value)
      else model.delete(operation.key.toString())
      await db.batch([operation])
    }
    if (name !== 'a log only') await db.flush()
    await db.put(Buffer.from('last'), Buffer.from('in the log'))
    model.set('last', Buffer.from('in the log'))
    await db.close()
    const contents = [...model]
      .map(([key, value]) => ({ key: Buffer.from(key), value }))
      .sort((a, b) => Buffer.compare(a.key, b.key))
      .map(({ key, value }) => summary(key, value))
    expect(await readHere(path)).toEqual(contents)
    expect(await readThere(path)).toEqual(contents)
    const compacted = new ClassicLevel(path)
    await compacted.compactRange('', '\u{ffff}')
    await compacted.close()
    expect(await readHere(path)).toEqual(contents)
  })

  test('one whose writer was killed', async () => {
    const path = mkdtempSync(join(folder, 'kill-'))
    const acknowledged = await writeAndKill(path)
    const keys = new Set((await readThere(path)).map(entry => entry.split(' ')[0]))
    const missing = acknowledged.filter(key => !keys.has(Buffer.from(key).toString('hex')))
    expect(acknowledged.length).toBeGreaterThan(100)
    expect(missing).toEqual([])
    expect((await readHere(path)).length).toBe(keys.size)
  })
})

/** Has another process write until it is killed without warning; gives the keys that were acknowledged. */
async function writeAndKill(path: string): Promise<string[]> {
  const writer = fork(new URL('endless-writer.mjs', import.meta.url), [path], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const acknowledged: string[] = []
  writer.on('message', keys => {
    acknowledged.push(...(keys as string[]))
    if (acknowledged.length > 5000) writer.kill('SIGKILL')
  })
  await new Promise(resolve => writer.once('exit', resolve))
  return acknowledged
}

test('both take turns in one directory', async () => {
  const path = mkdtempSync(join(folder, 'turns-'))
  const random = new Random(seed)
  const model = new Map<string, Buffer>()
  for (let turn = 0; turn < 10; turn++) {
    const some = operations(random, 600)
    for (const { type, key, value } of some) {
      if (type === 'put') model.set(key.toString(), value)
      else model.delete(key.toString())
    }
    if (turn % 2) {
      await using db = await Database.open(path, {
        writeBufferSize: 30_000,
        keyEncoding: 'buffer',
        valueEncoding: 'buffer',
      })
      for (let at = 0; at < some.length; at += 25) await db.batch(some.slice(at, at + 25))
    } else {
      const db = new ClassicLevel<Buffer, Buffer>(path, {
        keyEncoding: 'buffer',
        valueEncoding: 'buffer',
        writeBufferSize: 30_000,
      })
      for (let at = 0; at < some.length; at += 25) await db.batch(some.slice(at, at + 25))
      await db.close()
    }
    const contents = [...model].map(([key, value]) => summary(Buffer.from(key), value)).sort()
    expect((await (turn % 4 < 2 ? readHere(path) : readThere(path))).toSorted()).toEqual(contents)
  }
})
