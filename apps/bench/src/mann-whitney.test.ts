import { expect, test } from 'vitest'

import { mannWhitney } from './mann-whitney.ts'

test.each([
  // Three and three values stand in 20 orders; two of them are wholly apart.
  [[1, 2, 3], [4, 5, 6], 2 / 20],
  [[4, 5, 6], [1, 2, 3], 2 / 20],
  [[1, 2, 4], [3, 5, 6], 4 / 20],
  // Five and five in 252.
  [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10], 2 / 252],
  [[1, 3, 5, 7, 9], [2, 4, 6, 8, 10], 0.690_476],
  [[1, 2], [1, 2], 1],
  [[], [1], 1],
])('%j and %j: p = %d', (a, b, p) => {
  expect(mannWhitney(a, b)).toBeCloseTo(p, 5)
})
