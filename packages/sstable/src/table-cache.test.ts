import {
  LsmError,
  MAX_SEQUENCE,
  FOUND,
  FoundValue,
  internalKey,
  LookupKey,
  MISS,
  ReadContext,
  VALID,
  type Directory,
  type ReadableFile,
} from '@lsm/base'
import { iteratorConformance, type Entry } from '@lsm/testkit'
import { expect, test } from 'vitest'

import { bytes, memoryDirectory, readOptions, tableBytes } from '../test/support.ts'
import { BlockCache } from './block-cache.ts'
import { TableCache } from './table-cache.ts'
import type { TableReader } from './table-reader.ts'

iteratorConformance('a table whose file was closed under it', async entries => {
  const { directory, sizes } = await tables({ '000001.ldb': entries, '000002.ldb': [] })
  const cache = new TableCache(directory, 1, readOptions({ cache: new BlockCache(0) }))
  const context = new ReadContext()
  const reader = await open(cache, 1, sizes[0])
  await open(cache, 2, sizes[1])
  expect(cache.openTables).toBe(1)
  return { iterator: reader.iterator(context), context, close: () => cache.close() }
})

test('tables are found by number, under either name', async () => {
  const { directory, sizes } = await tables({
    '000007.ldb': [one('seven')],
    '000008.sst': [one('eight')],
    '1234567.ldb': [one('large')],
    '000009.ldb': [one('new')],
    '000009.sst': [one('old')],
  })
  for (const sync of [false, true]) {
    const cache = new TableCache(directory, 10, readOptions())
    const values: string[] = []
    for (const [i, number] of [7, 8, 1_234_567, 9].entries()) {
      values.push(await valueOf(await open(cache, number, sizes[i], sync)))
    }
    expect(values).toEqual(['seven', 'eight', 'large', 'new'])
    await cache.close()
  }
})

test('an open table is handed out without a miss', async () => {
  const { directory, sizes } = await tables({ '000001.ldb': [one('x')] })
  const cache = new TableCache(directory, 10, readOptions())
  const context = new ReadContext()
  expect(cache.table(1, sizes[0], context)).toBeUndefined()
  expect(context.lacking).toBe(true)
  await context.load()
  const reader = cache.table(1, sizes[0], context)
  expect(reader?.name).toBe('000001.ldb')
  context.release()
  expect(cache.table(1, sizes[0], context)).toBe(reader)
  expect(context.lacking).toBe(false)
})

test('the table that was not used for longest is closed', async () => {
  const { directory, sizes } = await tables(Object.fromEntries([1, 2, 3, 4, 5].map(n => [`00000${n}.ldb`, [one('x')]])))
  const cache = new TableCache(directory, 3, readOptions())
  const context = new ReadContext()
  for (const n of [1, 2, 3]) await open(cache, n, sizes[n - 1])
  expect(cache.table(1, sizes[0], context)).toBeDefined()
  await open(cache, 4, sizes[3])
  expect(cache.openTables).toBe(3)
  expect(cache.table(1, sizes[0], context)).toBeDefined()
  await open(cache, 5, sizes[4])
  expect(cache.table(1, sizes[0], context)).toBeDefined()
  expect(cache.table(2, sizes[1], context)).toBeUndefined()
  expect(cache.table(3, sizes[2], context)).toBeUndefined()
})

test('a pinned table stays, however small the cache', async () => {
  const { directory, sizes } = await tables({ '000001.ldb': [one('x')], '000002.ldb': [one('y')] })
  const cache = new TableCache(directory, 1, readOptions({ cache: new BlockCache(0) }))
  const context = new ReadContext()
  cache.table(1, sizes[0], context)
  cache.table(2, sizes[1], context)
  await context.load()
  expect(cache.table(1, sizes[0], context)?.name).toBe('000001.ldb')
  expect(cache.table(2, sizes[1], context)?.name).toBe('000002.ldb')
  expect(context.lacking).toBe(false)
})

test('opens that overlap are one', async () => {
  const { directory, sizes } = await tables({ '000001.ldb': [one('x')] })
  const counting = new CountingDirectory(directory)
  const cache = new TableCache(counting.directory, 10, readOptions())
  const readers = await Promise.all([1, 2, 3].map(() => open(cache, 1, sizes[0])))
  expect(readers[1]).toBe(readers[0])
  expect([counting.opened, counting.closed]).toEqual([1, 0])
  const racing = open(cache, 1, sizes[0])
  cache.evict(1)
  expect(await racing).toBe(readers[0])
})

test('a reader that was faster wins, and the other one is closed', async () => {
  const { directory, sizes } = await tables({ '000001.ldb': [one('x')] })
  const counting = new CountingDirectory(directory)
  const cache = new TableCache(counting.directory, 10, readOptions())
  const slow = open(cache, 1, sizes[0])
  const fast = await open(cache, 1, sizes[0], true)
  expect(await slow).toBe(fast)
  await cache.close()
  expect(counting.closed).toBe(counting.opened)
})

test('a removed table is closed with its blocks, also while it is being opened', async () => {
  const { directory, sizes } = await tables({ '000001.ldb': [one('x')] })
  const counting = new CountingDirectory(directory)
  const blocks = new BlockCache(10_000)
  const cache = new TableCache(counting.directory, 10, readOptions({ cache: blocks }))
  await valueOf(await open(cache, 1, sizes[0]))
  expect(blocks.size).toBeGreaterThan(0)
  cache.evict(1)
  expect([blocks.size, cache.openTables]).toEqual([0, 0])
  const opening = open(cache, 1, sizes[0])
  cache.evict(1)
  await opening
  expect([cache.openTables, counting.closed]).toEqual([0, counting.opened])
  cache.evict(77)
})

test('a closed cache has closed all its files, and opens none', async () => {
  const { directory, sizes } = await tables({ '000001.ldb': [one('x')], '000002.ldb': [one('x')] })
  const counting = new CountingDirectory(directory)
  const cache = new TableCache(counting.directory, 10, readOptions())
  await open(cache, 1, sizes[0])
  const opening = open(cache, 2, sizes[1])
  await cache.close()
  await opening
  expect(counting.closed).toBe(counting.opened)
  await expect(open(cache, 1, sizes[0])).rejects.toMatchObject({ code: 'LSM_CLOSED' })
  await expect(open(cache, 1, sizes[0], true)).rejects.toMatchObject({ code: 'LSM_CLOSED' })
  await cache.close()
})

test.each([false, true])('what cannot be opened fails and is tried again, sync %s', async sync => {
  const { directory, sizes } = await tables({ '000001.ldb': [one('x')] })
  const counting = new CountingDirectory(directory)
  const cache = new TableCache(counting.directory, 10, readOptions())
  counting.failure = new LsmError('LSM_IO', 'too many open files')
  await expect(open(cache, 1, sizes[0], sync)).rejects.toBe(counting.failure)
  counting.failure = undefined
  expect(await valueOf(await open(cache, 1, sizes[0], sync))).toBe('x')
  await expect(open(cache, 2, 500, sync)).rejects.toMatchObject({ code: 'LSM_CORRUPTION', file: '000002.ldb' })
  await directory.replaceFile('000003.ldb', new Uint8Array(100))
  await expect(open(cache, 3, 100, sync)).rejects.toMatchObject({ code: 'LSM_CORRUPTION', file: '000003.ldb' })
  await cache.close()
  expect(counting.closed).toBe(counting.opened)
})

test('a directory that cannot read synchronously says so', async () => {
  const { directory, sizes } = await tables({ '000001.ldb': [one('x')] })
  const counting = new CountingDirectory(directory)
  delete counting.directory.openFileSync
  const cache = new TableCache(counting.directory, 10, readOptions())
  await expect(open(cache, 1, sizes[0], true)).rejects.toMatchObject({ code: 'LSM_NOT_SUPPORTED' })
})

/** A directory with tables of these entries, and their sizes. */
async function tables(contents: Record<string, readonly Entry[]>): Promise<{ directory: Directory; sizes: number[] }> {
  const directory = await memoryDirectory()
  const sizes: number[] = []
  for (const [name, entries] of Object.entries(contents)) {
    const table = await tableBytes(entries, { blockSize: 200 })
    sizes.push(table.length)
    await directory.replaceFile(name, table)
  }
  return { directory, sizes }
}

function one(value: string): Entry {
  return { key: internalKey(bytes("'key'"), 1, 1), value: new TextEncoder().encode(value) }
}

async function open(cache: TableCache, number: number, size: number, sync = false): Promise<TableReader> {
  const context = new ReadContext()
  let reader = cache.table(number, size, context)
  while (reader === undefined) {
    if (sync) context.loadSync()
    else await context.load()
    reader = cache.table(number, size, context)
  }
  return reader
}

async function valueOf(reader: TableReader): Promise<string> {
  const key = new LookupKey()
  key.assign(bytes("'key'"), MAX_SEQUENCE)
  const found = new FoundValue()
  const context = new ReadContext()
  while (reader.find(key, found, context) === MISS) await context.load()
  expect(reader.find(key, found, context)).toBe(FOUND)
  const iterator = reader.iterator(context)
  expect(iterator.seekToFirst()).toBe(VALID)
  return new TextDecoder().decode(found.bytes.subarray(found.start, found.end))
}

/** A directory that counts which files were opened and closed, and fails on demand. */
class CountingDirectory {
  readonly directory: Directory
  opened = 0
  closed = 0
  failure: LsmError | undefined

  constructor(directory: Directory) {
    this.directory = {
      path: directory.path,
      list: () => directory.list(),
      createFile: name => directory.createFile(name),
      openFile: async name => this.#counted(await directory.openFile(name)),
      openFileSync: name => this.#counted(directory.openFileSync!(name)),
      replaceFile: (name, contents) => directory.replaceFile(name, contents),
      removeFile: name => directory.removeFile(name),
      sync: () => directory.sync(),
      syncFile: name => directory.syncFile(name),
      lock: name => directory.lock(name),
      close: () => directory.close(),
    }
  }

  #counted(file: ReadableFile): ReadableFile {
    if (this.failure !== undefined) throw this.failure
    this.opened++
    return {
      name: file.name,
      size: file.size,
      read: (...range) => file.read(...range),
      readSync: (...range) => file.readSync!(...range),
      close: () => {
        this.closed++
        return file.close()
      },
    }
  }
}
