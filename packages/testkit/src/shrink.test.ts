/**
 * Shrinking finds the few items that matter, and stops when it is told to.
 */
import { describe, expect, test } from 'vitest'

import { Random, testSeed } from './random.ts'
import { shrink } from './shrink.ts'

const all = Array.from({ length: 100 }, (_, i) => i)

describe('shrinking', () => {
  test('leaves what is needed, in order', async () => {
    const random = new Random(testSeed(5))
    for (let round = 0; round < 50; round++) {
      const needed = new Set(Array.from({ length: random.between(0, 4) }, () => random.below(100)))
      const left = await shrink(all, async items => [...needed].every(item => items.includes(item)), 1000)
      expect(left).toEqual([...needed].sort((a, b) => a - b))
    }
  })

  test('gives the whole list back where everything is needed', async () => {
    expect(await shrink(all, async ({ length }) => length === 100, 1000)).toEqual(all)
  })

  test('makes no more attempts than it may', async () => {
    let attempts = 0
    const fails = async (): Promise<boolean> => {
      attempts++
      return false
    }
    expect(await shrink(all, fails, 7)).toEqual(all)
    expect(attempts).toBe(7)
  })
})
