/** Blocks are found without an index, wherever the file is damaged, and no others. */
import { internalKey } from '@lsm/base'
import { MemoryFileSystem } from '@lsm/fs/memory'
import { Random, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { openBytes, readOptions, tableBytes } from '../test/support.ts'
import { findBlocks } from './block-finder.ts'
import { SNAPPY } from './snappy.ts'
import type { BlockHandle } from './table-format.ts'

async function found(bytes: Uint8Array): Promise<BlockHandle[]> {
  const directory = await new MemoryFileSystem().openDirectory('/t', true)
  await directory.replaceFile('000001.ldb', bytes)
  return findBlocks(await directory.openFile('000001.ldb'), bytes.length, readOptions())
}

function entriesOf(count: number, random: Random): { key: Uint8Array; value: Uint8Array }[] {
  return Array.from({ length: count }, (_, i) => ({
    key: internalKey(new TextEncoder().encode(`key ${String(i).padStart(6, '0')}`), 1, 1),
    value: random.bytes(random.below(200), random.oneIn(2) ? 4 : 256),
  }))
}

describe.each([
  ['raw', undefined],
  ['Snappy', SNAPPY],
])('%s blocks', (_, codec) => {
  test('are all found, from no other knowledge than the bytes', async () => {
    const random = new Random(testSeed(7))
    const table = await tableBytes(entriesOf(3000, random), { codec, blockSize: 512 })
    const reader = await openBytes(table)
    const handles = Array.from({ length: reader.blocks }, (__, i) => reader.handle(i))
    expect(handles.length).toBeGreaterThan(100)
    const offsets = new Map((await found(table)).map(({ offset, size }) => [offset, size]))
    for (const { offset, size } of handles) expect(offsets.get(offset), `block at ${offset}`).toBe(size)
  })

  test('are found around damage, and behind bytes that are lost', async () => {
    const random = new Random(testSeed(8))
    const table = await tableBytes(entriesOf(400, random), { codec, blockSize: 512 })
    const reader = await openBytes(table)
    const [first, second, third] = [0, 1, 2].map(i => reader.handle(i))
    const damaged = table.slice()
    damaged[second.offset + 10] ^= 1
    const around = new Set((await found(damaged)).map(({ offset }) => offset))
    expect([first, second, third].map(({ offset }) => around.has(offset))).toEqual([true, false, true])
    const cut = table.slice(17)
    const behind = new Set((await found(cut)).map(({ offset }) => offset))
    expect(behind.has(second.offset - 17) && behind.has(third.offset - 17)).toBe(true)
  })
})

test('random bytes hold none', async () => {
  expect(await found(new Random(testSeed(9)).bytes(300_000))).toEqual([])
  expect(await found(new Uint8Array(3_000_000))).toEqual([])
})
