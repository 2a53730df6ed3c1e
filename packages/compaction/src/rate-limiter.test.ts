import { describe, expect, test } from 'vitest'

import { RateLimiter } from './rate-limiter.ts'

const MB = 1e6

describe('bandwidth', () => {
  test('is given away one chunk behind the other', () => {
    const limiter = new RateLimiter(100 * MB)
    const waits = [1, 1, 2, 1].map(size => limiter.reserve(size * 100 * MB, 1e12))
    // The first 20 ms are those that nobody used before.
    expect(waits).toEqual([980, 1980, 3980, 4980])
  })

  test('that nobody used is lost but for a short burst', () => {
    const limiter = new RateLimiter(MB)
    limiter.reserve(MB, 1e12)
    expect(limiter.reserve(MB / 100, 1e12 + 100_000)).toBe(0)
    expect(limiter.reserve(MB / 100, 1e12 + 100_000)).toBe(0)
    expect(limiter.reserve(MB / 100, 1e12 + 100_000)).toBe(10)
  })

  test('is shared by limiters with one state', () => {
    const limiter = new RateLimiter(MB)
    const other = new RateLimiter(MB, limiter.shared)
    limiter.reserve(MB, 1e12)
    expect(other.reserve(MB, 1e12)).toBe(1980)
  })

  test('that a leap of the clock has given away is forgotten', () => {
    const limiter = new RateLimiter(MB)
    limiter.reserve(MB, 1e12 + 3_600_000)
    expect(limiter.reserve(MB, 1e12)).toBe(1000)
  })

  test('is waited for only as long as the job is not cancelled', async () => {
    await new RateLimiter(1).take(1e9, { aborted: true })
  })

  test.each([0, -1, Number.NaN])('of %d bytes a second is refused', bytesPerSecond => {
    expect(() => new RateLimiter(bytesPerSecond)).toThrow(TypeError)
  })
})
