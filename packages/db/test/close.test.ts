/**
 * What a close leaves behind, and what the next open makes of it.
 */
import { Database, type OpenOptions } from '@lsm/db'
import { MemoryFileSystem } from '@lsm/fs'
import { CrashableFileSystem } from '@lsm/fs/testing'
import { describe, expect, test } from 'vitest'

const VALUE = 'v'.repeat(1000)

async function closed(options: OpenOptions, writes: number): Promise<Database<unknown, unknown>> {
  const fileSystem = new MemoryFileSystem()
  const db = await Database.open('db', { fileSystem, ...options })
  for (let i = 0; i < writes; i++) await db.put(`k${i}`, VALUE)
  await db.close()
  return Database.open('db', { fileSystem, ...options })
}

describe('a close', () => {
  test.each<[string, OpenOptions, number, number]>([
    ['leaves a few writes in the log', {}, 10, 10],
    ['makes tables of many', {}, 1000, 0],
    ['makes tables of more than is allowed to be left', { maxReplaySize: 5000 }, 10, 0],
    ['leaves all where all may be left', { maxReplaySize: 1 << 30 }, 1000, 1000],
    [
      'makes tables of memtables that were frozen and not flushed',
      { writeBufferSize: 64 * 1024, maxReplaySize: 0 },
      400,
      0,
    ],
    ['makes no table of nothing', { maxReplaySize: 0 }, 0, 0],
  ])('%s', async (_, options, writes, replayed) => {
    await using db = await closed({ workers: 0, ...options }, writes)
    expect(db.recovery.entries).toBe(replayed)
    expect(db.recovery.dropped).toEqual([])
    expect((await db.keys().all()).length).toBe(writes)
    expect(await db.get(`k${writes - 1}`)).toBe(writes === 0 ? undefined : VALUE)
  })

  test('loses nothing where its tables cannot be written: the log stays, and an event says why', async () => {
    const disk = new CrashableFileSystem()
    const db = await Database.open('db', { fileSystem: disk, workers: 0, maxReplaySize: 0 })
    for (let i = 0; i < 100; i++) await db.put(`k${i}`, VALUE)
    const errors: string[] = []
    db.events.on('error', ({ job, retried }) => errors.push(`${job} ${retried}`))
    disk.failAt(({ kind, file }) => kind === 'create' && file.endsWith('.ldb'))
    await db.close()
    expect(errors).toEqual(['flush false'])
    await using again = await Database.open('db', { fileSystem: disk, workers: 0 })
    expect(again.recovery.entries).toBe(100)
  })
})
