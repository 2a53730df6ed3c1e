/**
 * A disk that is full for a while, and one that fails and is mended.
 */
import { Database, LsmError } from '@lsm/db'
import { MemoryFileSystem } from '@lsm/fs'
import { describe, expect, test } from 'vitest'

import { FailingFileSystem } from './failing-file-system.ts'

const SMALL = { writeBufferSize: 8192, blockSize: 256, maxFrozenMemTables: 1 }

async function opened(): Promise<{ inner: MemoryFileSystem; fileSystem: FailingFileSystem; db: Database }> {
  const inner = new MemoryFileSystem()
  const fileSystem = new FailingFileSystem(inner)
  return { inner, fileSystem, db: await Database.open('/db', { ...SMALL, fileSystem }) }
}

const full = (name: string): boolean => name.startsWith('append') || name.startsWith('create')

describe('a full disk', () => {
  test('refuses the write that finds no room, keeps reads going, and takes writes again by itself', async () => {
    const { inner, fileSystem, db } = await opened()
    await db.put('before', '1')
    fileSystem.code = 'LSM_DISK_FULL'
    fileSystem.failWhen = full
    for (const write of [() => db.put('a', '1'), () => db.put('b', '1', { sync: true }), () => db.del('before')]) {
      await expect(write()).rejects.toMatchObject({ code: 'LSM_DISK_FULL' })
    }
    expect(await db.keys().all()).toEqual(['before'])
    fileSystem.failWhen = undefined
    await db.put('after', '1', { sync: true })
    expect(await db.keys().all()).toEqual(['after', 'before'])
    await db.close()
    await using again = await Database.open('/db', { ...SMALL, fileSystem: inner })
    expect(await again.keys().all()).toEqual(['after', 'before'])
    expect(again.recovery.dropped).toEqual([])
  })

  test('that is noticed by a sync stops writes: what was not synced may be gone', async () => {
    const { fileSystem, db } = await opened()
    await db.put('before', '1')
    fileSystem.code = 'LSM_DISK_FULL'
    fileSystem.failWhen = name => name.startsWith('sync') && name.includes('.log')
    await expect(db.put('a', '1', { sync: true })).rejects.toMatchObject({ code: 'LSM_READ_ONLY' })
    fileSystem.failWhen = undefined
    await expect(db.put('b', '1')).rejects.toMatchObject({ code: 'LSM_READ_ONLY' })
    expect(await db.get('before')).toBe('1')
    await db.close()
  })

  test('under background work lets writes go on until memory is used up, and then refuses them instead of hanging', async () => {
    const { fileSystem, db } = await opened()
    fileSystem.code = 'LSM_DISK_FULL'
    fileSystem.failWhen = name => name.endsWith('.ldb') && full(name)
    const told: boolean[] = []
    db.events.on('error', ({ retried }) => told.push(retried))
    let written = 0
    const writing = (async () => {
      for (; ; written++) await db.put(`k${String(written).padStart(6, '0')}`, 'x'.repeat(100))
    })()
    await expect(writing).rejects.toMatchObject({ code: 'LSM_DISK_FULL' })
    expect(written).toBeGreaterThan(50)
    await expect(db.flush()).rejects.toMatchObject({ code: 'LSM_DISK_FULL' })
    expect((await db.keys().all()).length).toBe(written)
    fileSystem.failWhen = undefined
    while (db.stats().memtables.frozen > 0) await new Promise(resolve => setImmediate(resolve))
    await db.put('after', '1')
    await db.flush()
    expect((await db.keys().all()).length).toBe(written + 1)
    expect(told.every(Boolean)).toBe(true)
    await db.close()
  })
})

describe('resume', () => {
  test('after a failed sync saves what was acknowledged, leaves out what was refused, and goes on', async () => {
    const { inner, fileSystem, db } = await opened()
    for (let i = 0; i < 40; i++) await db.put(`k${i}`, 'v')
    fileSystem.failWhen = name => name.startsWith('sync') && name.endsWith('.log')
    await expect(db.put('refused', 'v', { sync: true })).rejects.toMatchObject({ code: 'LSM_READ_ONLY' })
    fileSystem.failWhen = undefined
    await expect(db.put('still refused', 'v')).rejects.toMatchObject({ code: 'LSM_READ_ONLY' })
    await db.resume()
    await db.resume()
    await db.put('after', 'v', { sync: true })
    expect((await db.keys().all()).length).toBe(41)
    await db.close()
    await using again = await Database.open('/db', { ...SMALL, fileSystem: inner })
    expect(await again.get('refused')).toBeUndefined()
    expect((await again.keys().all()).length).toBe(41)
  })

  test('fails, and refuses on, while the disk fails', async () => {
    const { fileSystem, db } = await opened()
    await db.put('k', 'v')
    fileSystem.failWhen = name => name.startsWith('sync')
    await expect(db.put('refused', 'v', { sync: true })).rejects.toMatchObject({ code: 'LSM_READ_ONLY' })
    await expect(db.resume()).rejects.toBeInstanceOf(LsmError)
    await expect(db.put('k', 'w')).rejects.toMatchObject({ code: 'LSM_READ_ONLY' })
    expect(await db.get('k')).toBe('v')
    fileSystem.failWhen = undefined
    await db.resume()
    await db.put('k', 'w')
    expect(await db.get('k')).toBe('w')
    await db.close()
  })

  test('after a job that failed for good goes on with it', async () => {
    const { fileSystem, db } = await opened()
    await db.put('k', 'v')
    fileSystem.failWhen = name => name.endsWith('.ldb')
    await expect(db.flush()).rejects.toBeInstanceOf(LsmError)
    await expect(db.put('k', 'w')).rejects.toMatchObject({ code: 'LSM_READ_ONLY' })
    fileSystem.failWhen = undefined
    await db.resume()
    await db.put('k', 'w')
    await db.flush()
    expect(db.stats().levels[0].tables).toBeGreaterThan(0)
    await db.close()
  })

  test('cannot mend a MANIFEST: the database must be opened again', async () => {
    const { inner, fileSystem, db } = await opened()
    await db.put('k', 'v')
    fileSystem.failWhen = name => name.startsWith('sync MANIFEST')
    await expect(db.flush()).rejects.toBeInstanceOf(LsmError)
    fileSystem.failWhen = undefined
    await expect(db.resume()).rejects.toMatchObject({ code: 'LSM_READ_ONLY' })
    await db.close()
    await using again = await Database.open('/db', { ...SMALL, fileSystem: inner })
    expect(await again.get('k')).toBe('v')
  })
})
