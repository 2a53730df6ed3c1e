import { hashKey } from '@lsm/base'
import { describe, expect, test } from 'vitest'

import { BlockedBloom, filterSize } from './blocked-bloom.ts'

describe('the filter', () => {
  test.each([
    [4096, 64],
    [10_000, 128],
    [1 << 20, 1 << 14],
    [(1 << 20) - 64, 1 << 13],
    [2 ** 31, 2 ** 25],
  ])('of a table of %i bytes has %i bytes', (capacity, size) => {
    expect(filterSize(capacity)).toBe(size)
  })

  test.each([
    ['one line', 64, 50],
    ['10 bits a key', 1 << 15, 26_000],
    ['20 bits a key', 1 << 15, 13_000],
  ])('of %s never denies a key and seldom takes another for one', (_, size, count) => {
    const filter = new BlockedBloom(new SharedArrayBuffer(size + 64), 64, size)
    for (let i = 0; i < count; i++) filter.add(hashOf(i))
    let right = 0
    for (let i = 0; i < count; i++) if (filter.mayContain(hashOf(i))) right++
    expect(right).toBe(count)
    let wrong = 0
    for (let i = 1_000_000; i < 1_020_000; i++) if (filter.mayContain(hashOf(i))) wrong++
    expect(wrong / 20_000).toBeLessThan(0.025)
  })
})

function hashOf(i: number): number {
  const key = new TextEncoder().encode(`key${i}`)
  return hashKey(key, 0, key.length)
}
