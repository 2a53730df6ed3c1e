/**
 * Handles that are forgotten instead of closed are told of, and what they held of the database is released.
 */
import { once } from 'node:events'

import { Database, type DatabaseEvents, type LeakEvent, type OpenOptions } from '@lsm/db'
import { MemoryFileSystem } from '@lsm/fs/memory'
import { describe, expect, test } from 'vitest'

import { collectUntil } from './collect-garbage.ts'

const OPTIONS = { workers: 0, writeBufferSize: 4096 } as const

async function open(options: OpenOptions<'utf8', 'utf8'> = {}): Promise<Database> {
  const db = await Database.open('/db', { ...OPTIONS, fileSystem: new MemoryFileSystem(), ...options })
  for (let i = 0; i < 100; i++) await db.put(`k${i}`, `value ${i}`)
  await db.flush()
  return db
}

function leaksOf(events: DatabaseEvents): LeakEvent[] {
  const leaks: LeakEvent[] = []
  events.on('leak', event => leaks.push(event))
  return leaks
}

/** Makes handles in a call of its own, so that nothing of it is left on the stack. */
const forget = {
  iterator: (db: Database): void => void db.iterator(),
  'iterator that was used': (db: Database): void => void db.keys().nextSync(),
  snapshot: (db: Database): void => void db.snapshot(),
}

describe('a forgotten', () => {
  test.each(Object.entries(forget))('%s is told of, and gives its version and moment free', async (what, make) => {
    await using db = await open({ trackLeaks: true })
    const leaks = leaksOf(db.events)
    make(db)
    expect(db.stats().readers).toBe(1)
    await collectUntil(() => leaks.length > 0)
    expect(leaks).toEqual([{ kind: what.split(' ')[0], place: expect.stringContaining('leaks.test.ts') }])
    expect(db.stats()).toMatchObject({ readers: 0, openIterators: 0 })
  })

  test('iterator lets the tables go that compaction has replaced', async () => {
    const fileSystem = new MemoryFileSystem()
    await using db = await open({ fileSystem })
    const leaks = leaksOf(db.events)
    const directory = await fileSystem.openDirectory('/db', false)
    const tables = async (): Promise<string[]> =>
      (await directory.list()).map(({ name }) => name).filter(name => name.endsWith('.ldb'))
    const before = await tables()
    forget.iterator(db)
    await db.put('k50', 'replaced')
    await db.compactRange()
    expect(await tables()).toEqual(expect.arrayContaining(before))
    await collectUntil(() => leaks.length > 0)
    await db.put('k50', 'replaced again')
    await db.compactRange()
    expect(await tables()).not.toEqual(expect.arrayContaining(before))
  })

  test('database is told of, without a place if none was kept', async () => {
    const watched = async (): Promise<LeakEvent[]> => leaksOf((await open()).events)
    const leaks = await watched()
    await collectUntil(() => leaks.length > 0)
    expect(leaks).toEqual([{ kind: 'database', place: undefined }])
  })

  test('handle warns the process, once for each kind, if nobody listens', async () => {
    await using db = await open()
    const warnings: Error[] = []
    const note = (warning: Error): void => void warnings.push(warning)
    process.on('warning', note)
    const warned = once(process, 'warning')
    for (let i = 0; i < 3; i++) forget.iterator(db)
    await collectUntil(() => db.stats().readers === 0)
    forget.snapshot(db)
    await collectUntil(() => db.stats().readers === 0)
    await warned
    await new Promise(resolve => setImmediate(resolve))
    process.off('warning', note)
    expect(warnings.map(({ message }) => message)).toEqual([
      'An iterator of /db was garbage-collected without being closed; close it',
      'A snapshot of /db was garbage-collected without being closed; close it',
    ])
    expect(warnings[0]).toMatchObject({ name: 'LeakWarning', code: 'LSM_LEAK' })
  })
})

test('what was closed, and what the database closed, is no leak; nor is a database whose iterator is in use', async () => {
  const used = async (leaks: LeakEvent[]): Promise<ReturnType<Database['keys']>> => {
    const db = await open()
    db.events.on('leak', event => leaks.push(event))
    return db.keys()
  }
  const none: LeakEvent[] = []
  const keys = await used(none)
  const closed = async (): Promise<void> => {
    const db = await open()
    db.events.on('leak', event => none.push(event))
    await db.keys().close()
    await new Promise(resolve => setImmediate(resolve))
    db.snapshot()
    db.iterator()
    db.snapshot().close()
    await new Promise(resolve => setImmediate(resolve))
    await db.close()
  }
  await closed()
  await using db = await open()
  const leaks = leaksOf(db.events)
  for (let i = 0; i < 3; i++) {
    forget.iterator(db)
    await collectUntil(() => leaks.length > i)
  }
  expect(none).toEqual([])
  expect((await keys.all()).length).toBe(100)
})
