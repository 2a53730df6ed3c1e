import { expect, test } from 'vitest'

import { decideStall, delayFor, type StallLimits } from './write-stall.ts'

const limits: StallLimits = {
  maxFrozenMemTables: 2,
  level0Slowdown: 8,
  level0Stop: 12,
  pendingBytesSlowdown: 1000,
  pendingBytesStop: 2000,
}

test.each([
  [0, 0, 0, undefined],
  [7, 999, 0, undefined],
  [8, 0, 0.2, 'level0'],
  [10, 0, 0.6, 'level0'],
  [12, 0, 1, 'level0'],
  [40, 0, 1, 'level0'],
  [0, 1500, 0.5, 'pending-bytes'],
  [8, 1900, 0.9, 'pending-bytes'],
  [12, 5000, 1, 'level0'],
] as const)('%i tables in level 0 and %i bytes to rewrite', (level0Tables, pendingBytes, pressure, cause) => {
  const decision = decideStall({ frozenMemTables: 0, level0Tables, pendingBytes }, limits)
  expect(decision.pressure).toBeCloseTo(pressure, 2)
  expect(decision.cause).toBe(cause)
})

test('the delay rises smoothly with the pressure, from next to nothing', () => {
  expect(delayFor(1 << 20, 0)).toBe(0)
  const delays = [0.01, 0.25, 0.5, 0.75, 0.99].map(pressure => delayFor(1 << 20, pressure))
  expect(delays).toEqual(delays.toSorted((a, b) => a - b))
  expect(delays[0]).toBeLessThan(20)
  expect(delays[4]).toBeGreaterThan(900)
})
