/**
 * What the machine around a database may do to it: files that are none, a clock that jumps, permissions that are few, an
 * owner that closes it in the middle of everything.
 */
import { execFile, execFileSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { Database, LsmError } from '@lsm/db'
import { MemoryFileSystem } from '@lsm/fs/memory'
import { Random, testSeed } from '@lsm/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const OPTIONS = { workers: 0, writeBufferSize: 8192 } as const

let folder = ''

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'lsm-host-')))
  await using db = await Database.open(join(folder, 'whole'), OPTIONS)
  for (let i = 0; i < 300; i++) await db.put(`key ${i}`, `value ${i}`)
  await db.flush()
  await db.put('in the log', 'yes')
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(process.platform === 'win32')('a file that is none is refused, and nothing outside is touched:', () => {
  const kinds: Record<string, (path: string, outside: string) => void> = {
    'a symbolic link to the file itself': (path, outside) => {
      renameSync(path, outside)
      symlinkSync(outside, path)
    },
    'a symbolic link to nothing': path => {
      rmSync(path)
      symlinkSync(join(folder, 'nothing'), path)
    },
    'a directory': path => {
      rmSync(path)
      mkdirSync(path)
    },
    'a named pipe': path => {
      rmSync(path)
      execFileSync('mkfifo', [path])
    },
  }
  const names = { CURRENT: /^CURRENT$/, 'the MANIFEST': /^MANIFEST/, 'a table': /\.ldb$/, 'the log': /\.log$/ }
  const cases = Object.keys(names).flatMap(name => Object.keys(kinds).map(kind => [name, kind] as const))

  test.each(cases)('%s is %s', async (name, kind) => {
    const path = mkdtempSync(join(folder, 'db-'))
    cpSync(join(folder, 'whole'), path, { recursive: true })
    const file = readdirSync(path).find(other => names[name as keyof typeof names].test(other))!
    const before = readFileSync(join(path, file))
    const outside = `${path}.outside`
    writeFileSync(outside, 'as it was')
    kinds[kind](join(path, file), outside)
    const expected = readFileSync(outside)
    for (const readOnly of [true, false]) {
      const opened = Database.open(path, { ...OPTIONS, readOnly })
      const error: unknown = await opened.then(
        () => undefined,
        (error: unknown) => error,
      )
      expect(error, `readOnly: ${readOnly}`).toBeInstanceOf(LsmError)
      expect(['LSM_CORRUPTION', 'LSM_IO', 'LSM_NOT_FOUND']).toContain((error as LsmError).code)
    }
    const report = await Database.verify(path).catch((error: unknown) => error)
    if (report instanceof Error) expect(report).toBeInstanceOf(LsmError)
    else expect(report).toMatchObject({ ok: false })
    expect(readFileSync(outside)).toEqual(expected)
    if (kind.endsWith('itself')) expect(expected).toEqual(before)
  })

  test.each(Object.keys(kinds))('the note of an orderly close is %s: it is not believed', async kind => {
    const path = mkdtempSync(join(folder, 'state-'))
    cpSync(join(folder, 'whole'), path, { recursive: true })
    kinds[kind](join(path, 'LSM-STATE'), `${path}.outside`)
    await using db = await Database.open(path, { ...OPTIONS, readOnly: true })
    expect(await db.get('in the log')).toBe('yes')
  })
})

test('a clock that jumps, backwards most of the time, changes nothing of what is read', async () => {
  const now = Date.now.bind(Date)
  const random = new Random(testSeed(8))
  Date.now = () => now() - 3_600_000 * random.between(-10, 1000)
  try {
    const fileSystem = new MemoryFileSystem()
    const model = new Map<string, string>()
    for (let life = 0; life < 4; life++) {
      await using db = await Database.open('/db', { ...OPTIONS, fileSystem, maxTableAge: 60_000 })
      for (let i = 0; i < 400; i++) {
        await db.put(`key ${i % 150}`, `value ${life} ${i}`)
        model.set(`key ${i % 150}`, `value ${life} ${i}`)
      }
      await db.compactRange()
      expect(new Map(await db.iterator().all())).toEqual(model)
    }
  } finally {
    Date.now = now
  }
})

test('a whole life under the permission model, with access to the directory alone', async () => {
  const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission'
  const code = fileURLToPath(new URL('../..', import.meta.url))
  const path = join(folder, 'permission')
  mkdirSync(path)
  const access = [`--allow-fs-read=${code}`, `--allow-fs-read=${path}/`, `--allow-fs-write=${path}/`]
  const child = fileURLToPath(new URL('../testdata/permission-child.mjs', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [flag, ...access, child, path])
  expect(JSON.parse(stdout)).toEqual({ ok: true, entries: 301, denied: true })
})

describe('a close in the middle of', () => {
  const calls: Record<string, (db: Database, i: number) => Promise<unknown>> = {
    writes: (db, i) => db.put(`late ${i}`, 'v'.repeat(300), { sync: i % 3 === 0 }),
    reads: (db, i) => db.get(`key ${i}`),
    flushes: db => db.flush(),
    compactions: db => db.compactRange(),
    'waits for background work': db => db.settled(),
    iterations: db => db.iterator().all(),
    clears: (db, i) => db.clear({ gte: `late ${i}`, lt: `late ${i}~` }),
    'all of them': (db, i) => Object.values(calls)[i % 7](db, i),
  }

  test.each(Object.keys(calls))(
    '%s: each ends well or with LSM_CLOSED, and what was acknowledged stays',
    async name => {
      for (let turns = 0; turns < 12; turns++) {
        const fileSystem = new MemoryFileSystem()
        const db = await Database.open('/db', { ...OPTIONS, fileSystem, cacheSize: 0 })
        for (let i = 0; i < 200; i++) await db.put(`key ${i}`, `value ${i}`)
        const under = Array.from({ length: 60 }, (_, i) => calls[name](db, i))
        for (let turn = 0; turn < turns; turn++) await new Promise(resolve => setImmediate(resolve))
        const [, , ...ends] = await Promise.allSettled([db.close(), db.close(), ...under])
        for (const end of ends) if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'LSM_CLOSED' })
        await using again = await Database.open('/db', { ...OPTIONS, fileSystem })
        expect(again.recovery.dropped).toEqual([])
        expect((await again.keys({ gte: 'key', lt: 'l' }).all()).length).toBe(200)
        if (name !== 'writes') continue
        for (const [i, { status }] of ends.entries()) {
          if (status === 'fulfilled') expect(await again.get(`late ${i}`)).toBe('v'.repeat(300))
        }
      }
    },
  )
})
