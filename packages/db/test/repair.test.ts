/**
 * `Database.repair`: everything undamaged comes back, nothing damaged does, and what is missing is named.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Database, LsmError, type RepairReport } from '@lsm/db'
import { MemoryFileSystem } from '@lsm/fs/memory'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { fileSystemOf, filesOf, flipped, withFile, type Files } from './damage.ts'
import { expected, fixtures, summary, unpack } from './fixtures.ts'

const OPTIONS = { writeBufferSize: 64 * 1024, blockSize: 256, workers: 0 } as const
const KEYS = 120

let files: Files
/** Every value that a key ever had; `undefined` for its deletion. */
const history = new Map<string, (string | undefined)[]>()
let contents: [string, string][]

beforeAll(async () => {
  const fileSystem = new MemoryFileSystem()
  const db = await Database.open('/db', { ...OPTIONS, fileSystem })
  const note = (key: string, value: string | undefined): unknown =>
    history.set(key, [...(history.get(key) ?? []), value])
  const put = async (i: number, value: string): Promise<void> => {
    await db.put(`key ${i}`, value)
    note(`key ${i}`, value)
  }
  for (let i = 0; i < KEYS; i++) await put(i, `oldest ${i} `.repeat(3))
  await db.compactRange()
  for (let i = 20; i < 60; i++) await put(i, `newer ${i}`)
  for (let i = 0; i < 10; i++) {
    await db.del(`key ${i}`)
    note(`key ${i}`, undefined)
  }
  await db.flush()
  for (let i = 50; i < 80; i++) await put(i, `newest ${i}`)
  contents = await db.iterator().all()
  await db.close()
  files = await filesOf(fileSystem, '/db')
})

const named = (pattern: RegExp): string[] => [...files.keys()].filter(name => pattern.test(name))

/** Repairs, and opens what came of it. */
async function repaired(damaged: Files): Promise<{ report: RepairReport; entries: [string, string][] }> {
  const fileSystem = await fileSystemOf(damaged)
  const report = await Database.repair('/db', { fileSystem })
  expect(report.target).toBe('/db.repaired')
  expect(await filesOf(fileSystem, '/db')).toEqual(new Map(damaged))
  const verified = await Database.verify('/db.repaired', { fileSystem })
  expect(verified.problems).toEqual([])
  expect(verified.entries).toBe(report.entries)
  await using db = await Database.open('/db.repaired', { ...OPTIONS, fileSystem })
  return { report, entries: await db.iterator().all() }
}

/** Every value was once a value of its key. */
function expectNothingInvented(entries: readonly [string, string][]): void {
  for (const [key, value] of entries) expect(history.get(key), key).toContain(value)
}

test('of a database without damage everything comes back', async () => {
  const { report, entries } = await repaired(files)
  expect(entries).toEqual(contents)
  expect(report).toMatchObject({ complete: true, lost: [], entriesLost: 0, manifestRead: true, notes: [] })
})

describe('all of it comes back', () => {
  test.each(['CURRENT', 'MANIFEST'])('without %s, and the report says what that may mean', async name => {
    const [file] = named(new RegExp(`^${name}`))
    for (const damaged of [withFile(files, file, undefined), withFile(files, file, flipped(files.get(file)!, 3, 1))]) {
      const { report, entries } = await repaired(damaged)
      expect(entries).toEqual(contents)
      expect(report.manifestRead).toBe(false)
      expect(report.notes.join()).toMatch(/can be back/)
    }
  })

  test.each(['footer', 'index'])('without the %s of a table', async part => {
    for (const name of named(/\.ldb$/)) {
      const bytes = files.get(name)!
      const at = part === 'footer' ? bytes.length - 3 : bytes.length - 60
      const { report, entries } = await repaired(withFile(files, name, flipped(bytes, at, 2)))
      expect(entries).toEqual(contents)
      expect(report.complete).toBe(false)
    }
  })
})

test('of a table with a damaged block, all others come back', async () => {
  for (const name of named(/\.ldb$/)) {
    const bytes = files.get(name)!
    for (let at = 0; at < bytes.length; at += 211) {
      const { report, entries } = await repaired(withFile(files, name, flipped(bytes, at, at % 8)))
      expectNothingInvented(entries)
      expect(entries.length).toBeGreaterThan(contents.length - 30)
      // What differs is due to a block of this table, and is named.
      if (JSON.stringify(entries) === JSON.stringify(contents)) continue
      expect(report.lost.map(({ file }) => file)).toContain(name)
      expect(report.entriesLost).toBeGreaterThan(0)
      expect(report.entriesLost).toBeLessThan(30)
    }
  }
})

test('of a log with a damaged batch, all others come back', async () => {
  const [log] = named(/\.log$/)
  const bytes = files.get(log)!
  for (let at = 0; at < bytes.length; at += 67) {
    const { report, entries } = await repaired(withFile(files, log, flipped(bytes, at, at % 8)))
    expectNothingInvented(entries)
    expect(report.lost.map(({ file }) => file)).toEqual([log])
    expect(report.complete).toBe(false)
  }
})

test('a file of any length, or of zeros, gives no value that was never written', async () => {
  for (const name of files.keys()) {
    const bytes = files.get(name)!
    for (const length of [0, 1, Math.floor(bytes.length / 2), Math.max(0, bytes.length - 1)]) {
      const zeros = bytes.slice()
      zeros.fill(0, length)
      for (const damage of [bytes.subarray(0, length), zeros, undefined]) {
        expectNothingInvented((await repaired(withFile(files, name, damage))).entries)
      }
    }
  }
})

test('a long log comes back in parts, all of it', async () => {
  const fileSystem = new MemoryFileSystem()
  const value = 'v'.repeat(200_000)
  {
    await using db = await Database.open('/db', { fileSystem, writeBufferSize: 128 * 1024 * 1024 })
    for (let i = 0; i < 200; i++) await db.put(`key ${String(i).padStart(3, '0')}`, `${i} ${value}`)
  }
  const report = await Database.repair('/db', { fileSystem, target: '/new' })
  expect(report).toMatchObject({ complete: true, entries: 200, target: '/new' })
  expect(report.tables).toBeGreaterThan(0)
  await using db = await Database.open('/new', { fileSystem })
  expect((await db.keys().all()).length).toBe(200)
  for (const i of [0, 99, 199]) expect(await db.get(`key ${String(i).padStart(3, '0')}`)).toBe(`${i} ${value}`)
})

test('writes nothing where something is, nor of nothing, nor beside an owner', async () => {
  const fileSystem = await fileSystemOf(files)
  await Database.repair('/db', { fileSystem })
  await expect(Database.repair('/db', { fileSystem })).rejects.toMatchObject({ code: 'LSM_EXISTS' })
  await fileSystem.openDirectory('/empty', true)
  await expect(Database.repair('/empty', { fileSystem })).rejects.toMatchObject({ code: 'LSM_NOT_FOUND' })
  await using _ = await Database.open('/db', { ...OPTIONS, fileSystem })
  await expect(Database.repair('/db', { fileSystem, target: '/other' })).rejects.toMatchObject({ code: 'LSM_LOCKED' })
})

test('stops when it is told to, and leaves nothing', async () => {
  const fileSystem = await fileSystemOf(files)
  const failure = await Database.repair('/db', { fileSystem, signal: AbortSignal.abort() }).catch(
    (error: unknown) => error,
  )
  expect(failure).toBeInstanceOf(LsmError)
  expect(failure).toMatchObject({ code: 'LSM_ABORTED' })
  expect(await filesOf(fileSystem, '/db.repaired')).toEqual(new Map())
})

describe('databases of other software', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lsm-repair-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const readable = fixtures.filter(({ comparator }) => comparator === 'leveldb.BytewiseComparator')

  test.each(readable.map(({ id }) => id))('%s comes back whole', async id => {
    const path = unpack(id, folder)
    const { complete, target } = await Database.repair(path)
    expect(complete).toBe(true)
    await using db = await Database.open(target, { keyEncoding: 'view', valueEncoding: 'view' })
    const entries = await db.iterator().all()
    expect(entries.map(([key, value]) => summary(key, value))).toEqual(expected(id))
  })
})
