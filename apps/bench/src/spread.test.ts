import { expect, test } from 'vitest'

import { spreadOf } from './spread.ts'

test('a spread is the median between the ends', () => {
  expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 })
  expect(spreadOf([4, 1])).toEqual({ median: 2.5, min: 1, max: 4 })
})
