/**
 * More iterators than can walk at once: each rests, goes on where it was, and costs little while it does nothing.
 */
import { Database, type DatabaseIterator } from '@lsm/db'
import { MemoryFileSystem } from '@lsm/fs/memory'
import { Random, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { collectGarbage } from './collect-garbage.ts'
import { Model } from './model.ts'

/** A database of several levels, with deletions, and what is in it. */
async function filled(count: number): Promise<{ db: Database; model: Model }> {
  const options = { workers: 0, writeBufferSize: 8192, blockSize: 512, maxFileSize: 8192, baseLevelSize: 16_384 }
  const db = await Database.open('/db', { ...options, fileSystem: new MemoryFileSystem() })
  const model = new Model()
  for (let i = 0; i < count; i++) {
    const key = `key ${(i * 7919) % count}`
    await db.put(key, `value ${i}`)
    model.put(key, `value ${i}`)
    if (i % 5 > 0) continue
    await db.del(`key ${i}`)
    model.del(`key ${i}`)
  }
  return { db, model }
}

/** An iterator, and what it must still give. */
interface Walker {
  readonly iterator: DatabaseIterator<[string, string], string>
  readonly entries: readonly [string, string][]
  at: number
}

test('700 that are used by turns all give what they must, while writes and compactions go on', async () => {
  const random = new Random(testSeed(3))
  const { db, model } = await filled(800)
  const walkers: Walker[] = []
  for (let i = 0; i < 700; i++) {
    const reverse = random.oneIn(2)
    const range = random.oneIn(2) ? {} : { gte: `key ${random.below(400)}`, lt: `key ${random.between(400, 900)}` }
    const options = { ...range, reverse, limit: 5000 }
    walkers.push({ iterator: db.iterator(options), entries: model.entries(options), at: 0 })
  }
  for (let turn = 0; turn < 6000; turn++) {
    await step(random.pick(walkers), random)
    if (turn % 500 === 0)
      await db.batch([...Array(200).keys()].map(i => ({ type: 'put', key: `key ${i}`, value: 'x' })))
    if (turn % 1500 === 0) await db.compactRange()
  }
  await Promise.all(walkers.map(({ iterator }) => iterator.close()))
  expect(db.stats()).toMatchObject({ readers: 0, openIterators: 0 })
  await db.close()
})

async function step(walker: Walker, random: Random): Promise<void> {
  const { iterator, entries } = walker
  if (random.oneIn(6) && entries.length > 0) {
    walker.at = random.below(entries.length)
    iterator.seek(entries[walker.at][0])
  }
  const size = random.between(1, 4)
  const found = random.oneIn(2) ? iterator.nextvSync(size) : await iterator.nextv(size)
  expect(found).toEqual(entries.slice(walker.at, walker.at + size))
  walker.at += found.length
}

describe('100,000 that do nothing take less than 1 KiB each:', () => {
  test.each([
    ['iterators that were never used', (db: Database) => db.iterator({ gte: 'key 1', lt: 'key 9' })],
    ['iterators that have given an entry', (db: Database) => given(db)],
    ['snapshots', (db: Database) => db.snapshot()],
  ])('%s', async (_, make) => {
    const { db: filledDb } = await filled(300)
    await using db = filledDb
    for (let i = 0; i < 1000; i++) void make(db).close()
    const before = await memory()
    const held: object[] = []
    for (let i = 0; i < 100_000; i++) held.push(make(db))
    const each = ((await memory()) - before) / held.length
    expect(db.stats().readers).toBe(held.length)
    expect(each).toBeGreaterThan(10)
    expect(each).toBeLessThan(1024)
  })
})

function given(db: Database): DatabaseIterator<string, string> {
  const keys = db.keys()
  expect(keys.nextSync()).toBeDefined()
  return keys
}

/** Bytes that are in use. */
async function memory(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collectGarbage()
    await new Promise(resolve => setImmediate(resolve))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
