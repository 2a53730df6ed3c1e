/**
 * Whatever byte of a small database is wrong: what is read is right, or refused, or a prefix that is reported; never
 * wrong in silence. And `verify` finds it.
 */
import { Database, LsmError, type RecoveryReport } from '@lsm/db'
import { MemoryFileSystem } from '@lsm/fs/memory'
import { beforeAll, describe, expect, test } from 'vitest'

import { fileSystemOf, filesOf, flipped, withFile, type Files } from './damage.ts'
import { Model } from './model.ts'

/** The defaults, but for sizes: opening is done thousands of times here. */
const OPTIONS = { writeBufferSize: 16 * 1024, blockSize: 256, workers: 0, filter: 'both' } as const

const WRITES = 24

/** The undamaged files, and the contents after every write that is only in the log. */
let files: Files
let states: string[]
let names: string[]

beforeAll(async () => {
  const fileSystem = new MemoryFileSystem()
  const model = new Model()
  const put = async (db: Database, key: string, value: string): Promise<void> => {
    await db.put(key, value)
    model.put(key, value)
  }
  const del = async (db: Database, key: string): Promise<void> => {
    await db.del(key)
    model.del(key)
  }
  const db = await Database.open('/db', { ...OPTIONS, fileSystem })
  for (let i = 0; i < 60; i++) await put(db, `key ${i % 40}`, `old value ${i} `.repeat(2))
  await db.compactRange()
  for (let i = 10; i < 30; i++) await put(db, `key ${i}`, `newer value ${i}`)
  for (let i = 0; i < 5; i++) await del(db, `key ${i}`)
  await db.flush()
  for (let i = 20; i < 26; i++) await put(db, `key ${i}`, `newest value ${i}`)
  await del(db, 'key 30')
  await db.flush()
  await db.settled()
  states = [text(model)]
  for (let i = 0; i < WRITES; i++) {
    if (i % 5 === 4) await del(db, `key ${i + 8}`)
    else await put(db, `key ${i + 5}`, `in the log ${i}`)
    states.push(text(model))
  }
  await db.close()
  files = await filesOf(fileSystem, '/db')
  names = [...files.keys()].filter(name => files.get(name)!.length > 0)
})

function text(model: Model): string {
  return JSON.stringify(model.entries())
}

/** What reading everything gives: contents and report, or the code of an error. */
async function readAll(damaged: Files, readOnly: boolean): Promise<{ contents?: string; report?: RecoveryReport }> {
  const fileSystem = await fileSystemOf(damaged)
  try {
    await using db = await Database.open('/db', { ...OPTIONS, fileSystem, readOnly, createIfMissing: false })
    const entries = await db.iterator().all()
    await checkGets(db, entries)
    return { contents: JSON.stringify(entries), report: db.recovery }
  } catch (error) {
    if (!(error instanceof LsmError)) throw error
    expect(['LSM_CORRUPTION', 'LSM_NOT_SUPPORTED', 'LSM_NOT_FOUND']).toContain(error.code)
    return {}
  }
}

/** Looking up says what iterating says. */
async function checkGets(db: Database, entries: readonly (readonly [string, string])[]): Promise<void> {
  const expected = new Map(entries)
  const keys = Array.from({ length: 42 }, (_, i) => `key ${i}`)
  for (const [i, value] of (await db.getMany(keys)).entries()) {
    if (value !== expected.get(keys[i])) throw new Error(`${keys[i]}: look-up and iteration differ`)
  }
}

/** What is wrong with how a damage is met; `undefined` if nothing is. */
async function judge(damaged: Files, what: string, readOnly: boolean): Promise<string | undefined> {
  // After a crash nobody knows how long a log was.
  const mayBeCutLog = !damaged.has('LSM-STATE') && /\.log, cut/.test(what)
  // What is wrong with LSM-STATE is harmless: it is believed, or it is not.
  const isNeeded = !what.startsWith('LSM-STATE') && !mayBeCutLog
  const { contents, report } = await readAll(damaged, readOnly)
  if (contents !== undefined && contents !== states.at(-1)) {
    const isPrefix = states.includes(contents)
    const isReported = report !== undefined && report.dropped.length > 0
    if (!(isPrefix && (isReported || mayBeCutLog))) {
      return `${what}: wrong contents, ${isReported ? 'reported' : 'in silence'}`
    }
  }
  const fileSystem = await fileSystemOf(damaged)
  const verified = await Database.verify('/db', { fileSystem }).catch((error: unknown) => error as LsmError)
  if (verified instanceof LsmError) return verified.code === 'LSM_NOT_FOUND' ? undefined : `${what}: verify threw`
  const isFound = !verified.ok || verified.dropped.length > 0
  return isNeeded && !isFound ? `${what}: not found by verify` : undefined
}

/** Collects what is wrong in many cases. */
async function sweep(cases: Iterable<[what: string, damaged: Files]>): Promise<string[]> {
  const failures: string[] = []
  let number = 0
  for (const [what, damaged] of cases) {
    const failure = await judge(damaged, what, number++ % 4 > 0)
    if (failure !== undefined) failures.push(failure)
  }
  return failures
}

function kindOf(name: string): 'table' | 'other' {
  return name.endsWith('.ldb') ? 'table' : 'other'
}

test('the database is what the sweep needs: tables on several levels, filters, a log', async () => {
  const fileSystem = await fileSystemOf(files)
  const { contents } = await readAll(files, true)
  expect(contents).toBe(states.at(-1))
  const report = await Database.verify('/db', { fileSystem })
  expect(report).toMatchObject({ ok: true, changed: false, problems: [], dropped: [] })
  expect(report.tables).toBeGreaterThan(2)
  expect(report.logs).toBeGreaterThan(0)
  expect(names.filter(name => /^MANIFEST|^CURRENT|\.log$/.test(name)).length).toBe(3)
})

test('nothing is wrong in silence, and verify finds it, for every third flipped byte of the tables', async () => {
  const cases = names
    .filter(name => kindOf(name) === 'table')
    .flatMap(name => {
      const bytes = files.get(name)!
      return Array.from({ length: Math.ceil(bytes.length / 3) }, (_, i) => {
        return [`${name}, byte ${3 * i}`, withFile(files, name, flipped(bytes, 3 * i, i % 8))] as [string, Files]
      })
    })
  expect(await sweep(cases)).toEqual([])
})

describe.each([
  ['closed in order', true],
  ['whose process died', false],
])('of a database %s, nothing is wrong in silence, and verify finds it', (_, isClosed) => {
  beforeAll(() => {
    if (!isClosed) files = withFile(files, 'LSM-STATE', undefined)
    names = [...files.keys()].filter(name => files.get(name)!.length > 0)
  })

  test('every flipped byte of CURRENT, the MANIFEST and the log', async () => {
    const cases = names
      .filter(name => kindOf(name) === 'other')
      .flatMap(name => {
        const bytes = files.get(name)!
        return Array.from(bytes, (_, at) => {
          return [`${name}, byte ${at}`, withFile(files, name, flipped(bytes, at, at % 8))] as [string, Files]
        })
      })
    expect(await sweep(cases)).toEqual([])
  })

  test('every file cut short, somewhere', async () => {
    const cases = names.flatMap(name => {
      const bytes = files.get(name)!
      const step = Math.max(1, Math.floor(bytes.length / 60))
      return Array.from({ length: Math.ceil(bytes.length / step) }, (_, i) => {
        return [`${name}, cut to ${i * step}`, withFile(files, name, bytes.subarray(0, i * step))] as [string, Files]
      })
    })
    expect(await sweep(cases)).toEqual([])
  })

  test('every sector of zeros', async () => {
    const cases = names.flatMap(name => {
      const bytes = files.get(name)!
      return Array.from({ length: Math.ceil(bytes.length / 512) }, (_, i) => {
        const copy = bytes.slice()
        copy.fill(0, i * 512, (i + 1) * 512)
        return [`${name}, sector ${i}`, withFile(files, name, copy)] as [string, Files]
      })
    })
    expect(await sweep(cases)).toEqual([])
  })

  test('every missing, swapped and doubled file', async () => {
    const cases: [string, Files][] = []
    for (const name of names) {
      cases.push([`${name} is missing`, withFile(files, name, undefined)])
      for (const other of names) {
        if (other === name) continue
        cases.push([`${name} holds what is in ${other}`, withFile(files, name, files.get(other))])
        cases.push([
          `${name} and ${other} are swapped`,
          withFile(withFile(files, name, files.get(other)), other, files.get(name)),
        ])
      }
      const bytes = files.get(name)!
      const doubled = new Uint8Array(2 * bytes.length)
      doubled.set(bytes)
      doubled.set(bytes, bytes.length)
      cases.push([`${name} is there twice in itself`, withFile(files, name, doubled)])
    }
    expect(await sweep(cases)).toEqual([])
  })
})
