import { deflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'

import { Dataset, KEY_BYTES, keyNumberOf, scattered, VALUE_BYTES } from './dataset.ts'
import { Random } from './random.ts'

test('a key is 16 digits', () => {
  const key = Buffer.alloc(KEY_BYTES)
  new Dataset(1).writeKey(1_234_567, key)
  expect(key.toString('latin1')).toBe('0000000001234567')
})

test('values are the same for the same seed, differ by write, and compress to about half', () => {
  const values = (seed: number): Buffer => {
    const dataset = new Dataset(seed)
    return Buffer.concat(
      Array.from({ length: 1000 }, (_, write) => {
        const value = Buffer.alloc(VALUE_BYTES)
        dataset.writeValue(write % 10, write, value)
        return value
      }),
    )
  }
  const made = values(1)
  expect(values(1).equals(made)).toBe(true)
  expect(values(2).equals(made)).toBe(false)
  const ratio = deflateRawSync(made).length / made.length
  expect(ratio).toBeGreaterThan(0.4)
  expect(ratio).toBeLessThan(0.65)
})

test('values may be larger', () => {
  const dataset = new Dataset(1, 1 << 20)
  const value = Buffer.alloc(dataset.valueBytes)
  dataset.writeValue(7, 12_345, value)
  expect([keyNumberOf(value, value.length), keyNumberOf(value), dataset.entryBytes]).toEqual([7, -1, 16 + (1 << 20)])
})

test('a load reaches each key once', () => {
  for (const keys of [1, 10, 1000, 99_991]) {
    const seen = new Set(Array.from({ length: keys }, (_, n) => scattered(n, keys)))
    expect(seen.size).toBe(keys)
  }
})

test('random numbers are replayed, and reach everything', () => {
  const [first, second] = [new Random(3), new Random(3)]
  const counts = new Uint32Array(10)
  for (let i = 0; i < 10_000; i++) {
    const number = first.below(10)
    expect(second.below(10)).toBe(number)
    counts[number]++
  }
  for (const count of counts) expect(count).toBeGreaterThan(800)
})
