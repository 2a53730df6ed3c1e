/**
 * A worker thread that dies fails its job and nothing else: the job is done again, and if that never helps, writes stop
 * with a code while reads go on.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Database, LsmError, type OpenOptions } from '@lsm/db'
import type { Codec } from '@lsm/sstable'
import { afterEach, beforeEach, expect, test } from 'vitest'

// @ts-expect-error A plain module, so that a worker thread can load it as it stands.
import { fragile } from './fragile-codec.mjs'

let folder = ''
let fuse = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lsm-death-'))
  fuse = join(folder, 'fuse')
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function options(once: boolean): OpenOptions<'utf8', 'utf8'> {
  const codec = (fragile as (settings: { fuse: string; once: boolean }) => Codec)({ fuse, once })
  return { codecs: [codec], compression: 'fragile', workers: 2, writeBufferSize: 32 * 1024, level0CompactionTrigger: 2 }
}

async function write(db: Database, round: number): Promise<void> {
  for (let i = 0; i < 400; i++) await db.put(`key-${i}`, `${round}-`.repeat(20))
}

/** Tables on disk that the database does not count. */
async function strayTables(db: Database, path: string): Promise<number> {
  await db.settled()
  const counted = db.stats().levels.reduce((sum, { tables }) => sum + tables, 0)
  return readdirSync(path).filter(name => name.endsWith('.ldb')).length - counted
}

test('a thread that dies in a flush or in a compaction is replaced, and its job done again', async () => {
  const path = join(folder, 'db')
  await using db = await Database.open(path, options(true))
  const died = new Set<string>()
  db.events.on('error', ({ job, retried }) => died.add(`${job}, ${retried ? 'retried' : 'final'}`))
  for (let round = 0; died.size < 2; round++) {
    writeFileSync(fuse, '')
    await write(db, round)
    await db.flush()
    writeFileSync(fuse, '')
    await db.settled()
    for (const value of await db.values().all()) expect(value).toBe(`${round}-`.repeat(20))
  }
  expect([...died].sort()).toEqual(['compaction, retried', 'flush, retried'])
  rmSync(fuse, { force: true })
  expect(await strayTables(db, path)).toBe(0)
})

test('threads that always die stop writes in the end, with a code; reads go on, and the next open has it all', async () => {
  const path = join(folder, 'db')
  const db = await Database.open(path, options(false))
  writeFileSync(fuse, '')
  let last = 0
  const writeOn = async (): Promise<void> => {
    for (; ; last++) await db.put('count', String(last + 1))
  }
  const failure = await writeOn().catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(LsmError)
  expect((failure as LsmError).code).toBe('LSM_READ_ONLY')
  expect(await db.get('count')).toBe(String(last))
  await db.close()
  rmSync(fuse)
  await using again = await Database.open(path, options(false))
  expect(await again.get('count')).toBe(String(last))
  expect(await strayTables(again, path)).toBe(0)
})
