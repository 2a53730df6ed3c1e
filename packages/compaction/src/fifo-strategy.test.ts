import { expect, test } from 'vitest'

import { parseTree, printPlan } from '../test/tree-script.ts'
import { fifoStrategy } from './fifo-strategy.ts'

const strategy = fifoStrategy({ maxBytes: 10 * 2 ** 20, maxAge: 24 * 3_600_000 })

test.each([
  ['an empty tree', '', 'nothing'],
  ['enough room', 'L0 #9[a-d 5M] #8[a-d 5M]', 'nothing'],
  ['the oldest goes', 'L0 #9[a-d 5M] #8[a-d 5M] #7[a-d 2M]', 'drop L0 #7: 12 MiB of at most 10 MiB'],
  ['and more, as needed', 'L0 #9[a-d 5M] #8[a-d 9M] #7[a-d 2M]', 'drop L0 #8 #7: 16 MiB of at most 10 MiB'],
  ['what is too old goes', 'L0 #9[a-d old 5h] #8[a-d old 25h]', 'drop L0 #8: 1 tables are too old'],
  [
    'with what is older still, dated or not',
    'L0 #9[a-d] #8[a-d old 25h] #7[a-d]',
    'drop L0 #8 #7: 2 tables are too old',
  ],
  ['tables without a date stay', 'L0 #9[a-d] #8[a-d]', 'nothing'],
  [
    'deeper levels are older',
    `L0 #9[a-d 9M]
     L1 #1[a-c 1M] #2[d-e 1M]
     L2 #3[a-z 4M]`,
    'drop L1 #2 + L2 #3: 15 MiB of at most 10 MiB',
  ],
  [
    'nothing that is newer than a busy one',
    'L0 #9[a-d 5M] #8*[a-d 5M] #7[a-d 2M] #6[a-b]',
    'drop L0 #7 #6: 13 MiB of at most 10 MiB',
  ],
  ['nothing at all, if that is the oldest', 'L0 #9[a-d 5M] #8[a-d 5M] #7*[a-d 2M]', 'nothing'],
])('fifo: %s', (_, tree, expected) => {
  expect(printPlan(strategy.plan(parseTree(tree)))).toBe(expected)
})

test('fifo: nothing is ever rewritten', () => {
  const tree = parseTree('L0 #9[a-d 5M] #8[a-d 5M] #7[a-d 2M]')
  expect(strategy.planRange(tree, undefined, undefined, new Set())).toBeUndefined()
  expect(strategy.pendingBytes(tree)).toBe(0)
  expect(strategy.scores(tree)[0]).toBeCloseTo(1.2)
})
