/**
 * Which blocks look-ups load.
 */
import { Database } from '@lsm/db'
import { MemoryFileSystem } from '@lsm/fs'
import { expect, test } from 'vitest'

test.each(['none', 'blocked', 'leveldb'] as const)(
  'a key outside of the range of a table makes no block of it load, with filters: %s',
  async filter => {
    await using db = await Database.open('/db', { fileSystem: new MemoryFileSystem(), workers: 0, filter })
    for (let i = 0; i < 500; i++) await db.put(`m${i}`, 'x'.repeat(100))
    await db.flush()
    expect(await db.get('m250')).toBe('x'.repeat(100))
    const { misses } = db.stats().cache
    for (const key of ['a', 'b', 'l', 'n', 'z']) expect(await db.get(key)).toBeUndefined()
    expect(db.stats().cache.misses).toBe(misses)
  },
)
