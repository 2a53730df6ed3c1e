/**
 * `Database.verify`: silent about what is right, whoever wrote it, and plain about what is not.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Database, LsmError } from '@lsm/db'
import { MemoryFileSystem } from '@lsm/fs/memory'
import { afterAll, describe, expect, test } from 'vitest'

import { filesOf } from './damage.ts'
import { fixtures, unpack } from './fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'lsm-verify-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('databases of other software', () => {
  const readable = fixtures.filter(({ comparator }) => comparator === 'leveldb.BytewiseComparator')
  test.each(readable.map(({ id, entries }) => [id, entries] as const))(
    '%s is found to be right',
    async (id, entries) => {
      const report = await Database.verify(unpack(id, folder))
      expect(report.problems).toEqual([])
      expect(report.ok).toBe(true)
      expect(report.entries - report.deletions).toBeGreaterThanOrEqual(entries)
    },
  )
})

describe('a database of ours', () => {
  async function database(): Promise<{ fileSystem: MemoryFileSystem; db: Database }> {
    const fileSystem = new MemoryFileSystem()
    const db = await Database.open('/db', { fileSystem, workers: 0 })
    for (let i = 0; i < 300; i++) await db.put(`key ${i}`, `value ${i}`)
    await db.flush()
    await db.settled()
    await db.del('key 7')
    return { fileSystem, db }
  }

  test('is verified while it is open; nothing is changed', async () => {
    const { fileSystem, db } = await database()
    await using _ = db
    const before = await filesOf(fileSystem, '/db')
    const report = await Database.verify('/db', { fileSystem })
    expect(report).toMatchObject({
      ok: true,
      changed: false,
      tables: 1,
      logs: 1,
      entries: 301,
      deletions: 1,
      lastSequence: 301,
    })
    expect(await filesOf(fileSystem, '/db')).toEqual(before)
  })

  test('that goes on meanwhile is said to be in use, and no table that is gone is called missing', async () => {
    const { fileSystem, db } = await database()
    await using _ = db
    let writing: Promise<void> | undefined
    const onProgress = (): unknown => (writing ??= db.compactRange())
    const report = await Database.verify('/db', { fileSystem, onProgress })
    await writing
    expect(report.problems).toEqual([])
    const after = await Database.verify('/db', { fileSystem })
    expect(after).toMatchObject({ ok: true, changed: false })
  })

  test('is read as a whole, and its progress told', async () => {
    const { fileSystem, db } = await database()
    await db.close()
    const told: number[] = []
    const report = await Database.verify('/db', {
      fileSystem,
      onProgress: ({ bytesRead }) => void told.push(bytesRead),
    })
    expect(told).toEqual([...told].sort((a, b) => a - b))
    expect(told.at(-1)).toBe(report.bytesRead)
    const needed = report.files.filter(({ kind }) => ['table', 'log', 'manifest'].includes(kind))
    expect(report.bytesRead).toBeGreaterThanOrEqual(needed.reduce((sum, { bytes }) => sum + bytes, 0))
  })

  test("has its leftovers and what is nobody's listed", async () => {
    const { fileSystem, db } = await database()
    await db.close()
    const directory = await fileSystem.openDirectory('/db', false)
    for (const name of ['000001.ldb', 'notes.txt', 'MANIFEST-000001']) {
      await directory.replaceFile(name, new TextEncoder().encode('left'))
    }
    const report = await Database.verify('/db', { fileSystem })
    expect(report.ok).toBe(true)
    const states = new Map(report.files.map(({ file, kind, state }) => [file, `${kind} ${state}`]))
    expect(states.get('000001.ldb')).toBe('table leftover')
    expect(states.get('notes.txt')).toBe('unknown foreign')
    expect(states.get('MANIFEST-000001')).toBe('manifest leftover')
    expect(states.get('CURRENT')).toBe('current live')
  })

  test('is left alone when the signal fires, and must be there', async () => {
    const { fileSystem, db } = await database()
    await db.close()
    const aborted = Database.verify('/db', { fileSystem, signal: AbortSignal.abort() })
    await expect(aborted).rejects.toMatchObject({ code: 'LSM_ABORTED' })
    await expect(Database.verify('/other', { fileSystem })).rejects.toBeInstanceOf(LsmError)
  })
})
