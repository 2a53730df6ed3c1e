import { expect, test } from 'vitest'

import { Random } from '../random.ts'
import { Zipf } from './zipf.ts'

test('the first ranks come as often as the law says', () => {
  const count = 1000
  const draws = 200_000
  const seen = new Uint32Array(count)
  const zipf = new Zipf(new Random(5), count)
  for (let i = 0; i < draws; i++) seen[zipf.next()]++
  const sum = Array.from({ length: count }, (_, rank) => (rank + 1) ** -0.99).reduce((a, b) => a + b)
  for (const rank of [0, 1]) {
    expect(seen[rank] / draws).toBeCloseTo((rank + 1) ** -0.99 / sum, 2)
  }
  expect(seen[0]).toBeGreaterThan(seen[10])
  expect(seen[10]).toBeGreaterThan(seen[500])
  expect(seen.every(times => times > 0)).toBe(true)
})

test('ranks stay below the count', () => {
  for (const count of [3, 10, 100_000]) {
    const zipf = new Zipf(new Random(1), count)
    for (let i = 0; i < 10_000; i++) expect(zipf.next()).toBeLessThan(count)
  }
})
