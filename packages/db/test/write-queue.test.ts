/**
 * How writes reach the log: grouped, in order, and durable before they are acknowledged.
 */
import { Database, LsmError } from '@lsm/db'
import { MemoryFileSystem } from '@lsm/fs'
import { expect, test } from 'vitest'

import { FailingFileSystem } from './failing-file-system.ts'

const opened = async (): Promise<{ fileSystem: FailingFileSystem; db: Database }> => {
  const fileSystem = new FailingFileSystem(new MemoryFileSystem())
  const db = await Database.open('/db', { fileSystem })
  fileSystem.trace.length = 0
  return { fileSystem, db }
}

test('a lone write is appended before its call returns', async () => {
  const { fileSystem, db } = await opened()
  const written = db.put('k', 'v')
  expect(fileSystem.trace).toEqual(['append 000002.log'])
  await written
  await db.close()
})

test('writes of one turn share appends: the first goes at once, the others together', async () => {
  const { fileSystem, db } = await opened()
  await Promise.all(Array.from({ length: 500 }, (_, i) => db.put(`k${i}`, 'v')))
  expect(fileSystem.trace).toEqual(['append 000002.log', 'append 000002.log'])
  await db.close()
})

test('synced writes that arrive together share a sync, and those that arrive meanwhile the next one', async () => {
  const { fileSystem, db } = await opened()
  const sync = { sync: true }
  const first = Promise.all(Array.from({ length: 64 }, (_, i) => db.put(`a${i}`, 'v', sync)))
  await Promise.resolve()
  await Promise.resolve()
  const second = Promise.all(Array.from({ length: 64 }, (_, i) => db.put(`b${i}`, 'v', sync)))
  await Promise.all([first, second])
  const step = ['append 000002.log', 'sync 000002.log']
  expect(fileSystem.trace).toEqual([...step, ...step])
  await db.close()
})

test('an unsynced write waits for a synced one before it, and keeps the order', async () => {
  const { fileSystem, db } = await opened()
  const order: string[] = []
  await Promise.all([
    db.put('k', 'synced', { sync: true }).then(() => order.push('synced')),
    db.put('k', 'later').then(() => order.push('later')),
  ])
  expect(order).toEqual(['synced', 'later'])
  expect(await db.get('k')).toBe('later')
  expect(fileSystem.trace.filter(name => name.startsWith('sync'))).toHaveLength(1)
  await db.close()
})

test('the old log is synced before the first write in a new one is acknowledged', async () => {
  const fileSystem = new FailingFileSystem(new MemoryFileSystem())
  const db = await Database.open('/db', { fileSystem, writeBufferSize: 4096 })
  fileSystem.trace.length = 0
  for (let i = 0; i < 100; i++) await db.put(`k${i}`, 'v'.repeat(20))
  const log = fileSystem.trace.filter(name => /^(append|sync|create) .*\.log$/.test(name) || name === 'sync directory')
  const created = log.findIndex(name => name.startsWith('create'))
  const appended = log.findIndex(name => name.startsWith('append') && name !== log[0])
  expect(log[created - 1]).toBe(log[0].replace('append', 'sync'))
  expect(log.slice(created, appended)).toContain('sync directory')
  await db.close()
})

test('a failed sync refuses its writes for good, and they stay invisible; reads go on', async () => {
  const { fileSystem, db } = await opened()
  await db.put('before', 'v')
  fileSystem.failAt = fileSystem.operations + 2
  const results = await Promise.allSettled([db.put('a', 'v', { sync: true }), db.put('b', 'v', { sync: true })])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(fileSystem.failed).toEqual(['sync 000002.log'])
  for (const write of [() => db.put('c', 'v'), () => db.del('before'), () => db.flush()]) {
    await expect(write()).rejects.toMatchObject({ code: 'LSM_READ_ONLY', cause: expect.any(LsmError) })
  }
  expect(await db.keys().all()).toEqual(['before'])
  expect(db.stats().failure).toMatch(/writes have stopped/)
  await db.close()
})

test('a failed write that nobody waits for does not end the process', async () => {
  const { fileSystem, db } = await opened()
  fileSystem.failAt = fileSystem.operations + 1
  void db.put('a', 'v', { sync: true })
  await expect(db.put('b', 'v')).rejects.toThrow(LsmError)
  await db.close()
})

test('a loop of awaited calls lets the event loop go round', async () => {
  await using db = await Database.open('/db', { fileSystem: new MemoryFileSystem() })
  const calls: [string, (i: number) => Promise<unknown>][] = [
    ['put', i => db.put(`k${i % 100}`, 'v')],
    ['batch', i => db.batch([{ type: 'put', key: `k${i % 100}`, value: 'v' }])],
    ['get', i => db.get(`k${i % 100}`)],
    ['getMany', i => db.getMany([`k${i % 100}`, 'absent'])],
    ['iterator', () => db.keys({ limit: 5 }).all()],
  ]
  for (const [name, call] of calls) {
    let turned = false
    setImmediate(() => {
      turned = true
    })
    for (let i = 0; i < 10_000_000; i++) {
      await call(i)
      if (turned) break
    }
    expect(turned, name).toBe(true)
  }
})
