import { describe, expect, test } from 'vitest'

import { parseTree, printPlan } from '../test/tree-script.ts'
import { tieredStrategy } from './tiered-strategy.ts'

const strategy = tieredStrategy({
  minRuns: 4,
  maxRuns: 6,
  sizeRatio: 1,
  maxSpaceAmplification: 200,
  maxTableSize: Number.MAX_SAFE_INTEGER,
})

describe('tiered compaction', () => {
  test.each([
    ['an empty tree', '', 'nothing'],
    ['three runs', 'L0 #9[a-d] #8[a-d] #7[a-d]', 'nothing'],
    [
      'four of the same size',
      'L0 #9[a-d] #8[a-d] #7[a-d] #6[a-d]',
      'rewrite L0 #9 #8 #7 #6 → L0: newer runs are 300 % of the oldest, of at most 200 %',
    ],
    [
      'those of similar size, from the newest on',
      'L0 #9[a-d 1M] #8[a-d 1M] #7[a-d 2M] #6[a-d 8M] #5[a-d 20M]',
      'rewrite L0 #9 #8 #7 → L0, older L0 #6 #5: 3 runs are of similar size',
    ],
    ['not where the newest stands out', 'L0 #9[a-d 1M] #8[a-d 2M] #7[a-d 4M] #6[a-d 8M]', 'nothing'],
    [
      'whatever the sizes, where there are too many',
      'L0 #9[a-d 1M] #8[a-d 2M] #7[a-d 4M] #6[a-d 8M] #5[a-d 16M] #4[a-d 32M] #3[a-d 64M]',
      'rewrite L0 #9 #8 → L0, older L0 #7 #6 #5 #4 #3: 7 runs of at most 6',
    ],
    [
      'neighbours that are apart are one run',
      'L0 #9[a-d 5M] #8[g-h 2M] #7[e-f 2M] #6[a-d 1M] #5[a-z 9M] #4[a-z 40M]',
      'rewrite L0 #9 #8 #7 #6 #5 → L0, older L0 #4: 3 runs are of similar size',
    ],
    ['nothing beside a running job', 'L0 #9[a-d] #8[a-d] #7[a-d] #6*[a-d]', 'nothing'],
    [
      'deeper levels are the oldest run, and stay below',
      `L0 #9[a-d] #8[a-d] #7[a-d]
       L5 #2[a-c 5M]
       L6 #1[a-c 50M]`,
      'rewrite L0 #9 #8 #7 → L0, older L5 #2 L6 #1: 3 runs are of similar size',
    ],
    [
      'until everything is merged, into the deepest of them',
      `L0 #9[a-d 60M] #8[a-d 60M] #7[a-d 60M]
       L5 #2[a-c 5M]
       L6 #1[a-c 50M]`,
      'rewrite L0 #9 #8 #7 + L5 #2 + L6 #1 → L6: newer runs are 327 % of the oldest, of at most 200 %',
    ],
  ])('%s', (_, tree, expected) => {
    expect(printPlan(strategy.plan(parseTree(tree)))).toBe(expected)
  })

  test.each([
    ['nothing in it', 'c-d', [], 'L0 #9[a-b]', 'nothing'],
    [
      'down to the oldest run with something of it',
      'c-d',
      [],
      'L0 #9[a-b] #8[a-d] #7[a-b]',
      'rewrite L0 #9 #8 → L0, older L0 #7',
    ],
    [
      'everything, if deeper levels hold something of it',
      'c-d',
      [],
      'L0 #9[a-b]\nL6 #1[d-e] #2[f-g]',
      'rewrite L0 #9 + L6 #1 #2 → L6',
    ],
    ['once', 'c-d', [10], 'L0 #11[a-d] #10[a-d]', 'nothing'],
  ])('a range: %s', (_, range, done, tree, expected) => {
    const [begin, end] = range.split('-').map(key => new TextEncoder().encode(key))
    const found = printPlan(strategy.planRange(parseTree(tree), begin, end, new Set(done)))
    expect(found.replace(/: .*/, '')).toBe(expected)
  })

  test('urgency', () => {
    const tree = parseTree('L0 #9[a-d 1M] #8[a-d 2M] #7[a-d 4M] #6[a-d 8M] #5[a-d 16M]')
    expect(strategy.scores(tree)).toEqual([1.25, 0, 0, 0, 0, 0, 0])
    expect(strategy.pendingBytes(tree)).toBe(15 * 2 ** 20)
    expect(strategy.pendingBytes(parseTree('L0 #9[a-d 1M] #8[a-d 2M]'))).toBe(0)
  })
})
