import { internalKey } from '@lsm/base'
import { Random } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { CountingFile } from '../test/counting-file.ts'
import { openBytes, readOptions, sameBytes, tableBytes } from '../test/support.ts'
import { BlockCache } from './block-cache.ts'
import { TableReader } from './table-reader.ts'

describe('blocks that are asked for in a row are read ahead:', () => {
  const entries = Array.from({ length: 6000 }, (_, i) => ({
    key: internalKey(new TextEncoder().encode(String(i).padStart(6, '0')), 1, 1),
    value: new Random(i).bytes(100),
  }))
  const cache = (): BlockCache => new BlockCache(16 << 20)

  test('many blocks with a read, and each of them once', async () => {
    const table = await tableBytes(entries)
    const file = new CountingFile(table)
    const reader = await TableReader.open(file, table.length, readOptions({ cache: cache() }))
    const plain = await openBytes(table)
    const opening = file.reads
    expect(reader.blocks).toBeGreaterThan(150)
    for (let i = 0; i < reader.blocks; i++) {
      if (i <= 4) expect(reader.isSequential(i), `block ${i}`).toBe(i === 4)
      expect(sameBytes(await reader.loadPage(i), await plain.loadPage(i)), `block ${i}`).toBe(true)
    }
    expect(file.reads - opening).toBeLessThan(5 + Math.ceil(table.length / 100_000))
  })

  test('not for a small cache, nor elsewhere, nor backwards', async () => {
    const table = await tableBytes(entries)
    const small = await openBytes(table)
    for (let i = 0; i < 20; i++) await small.loadPage(i)
    expect(small.isSequential(20)).toBe(false)
    const reader = await openBytes(table, { cache: cache() })
    for (let i = 20; i >= 0; i--) await reader.loadPage(i)
    for (let i = 30; i < 60; i += 2) await reader.loadPage(i)
    expect([0, 1, 29, 58, 59, 60].filter(i => reader.isSequential(i))).toEqual([])
  })

  test('what is damaged of it fails only those who ask for it', async () => {
    const table = await tableBytes(entries)
    const clean = await openBytes(table, { cache: cache() })
    const { offset } = clean.handle(20)
    table[offset + 50] ^= 1
    const reader = await openBytes(table, { cache: cache() })
    for (let i = 0; i < reader.blocks; i++) {
      if (i === 20) await expect(reader.loadPage(i)).rejects.toMatchObject({ code: 'LSM_CORRUPTION', offset })
      else expect(sameBytes(await reader.loadPage(i), await clean.loadPage(i)), `block ${i}`).toBe(true)
    }
  })

  test('readers who meet are given the same, whatever is on its way', async () => {
    const table = await tableBytes(entries)
    const clean = await openBytes(table)
    const reader = await openBytes(table, { cache: cache() })
    const scan = async (): Promise<void> => {
      for (let i = 0; i < reader.blocks; i++) {
        expect(sameBytes(await reader.loadPage(i), clean.loadPageSync(i)), `block ${i}`).toBe(true)
      }
    }
    await Promise.all([scan(), scan(), scan()])
  })

  test('a read of many that fails does not fail the read of the first', async () => {
    const table = await tableBytes(entries)
    const file = new CountingFile(table)
    const reader = await TableReader.open(file, table.length, readOptions({ cache: cache() }))
    const clean = await openBytes(table)
    file.longest = 8192
    for (let i = 0; i < reader.blocks; i++) {
      expect(sameBytes(await reader.loadPage(i), clean.loadPageSync(i)), `block ${i}`).toBe(true)
    }
  })
})
