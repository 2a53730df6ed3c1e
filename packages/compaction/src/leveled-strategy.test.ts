import { describe, expect, test } from 'vitest'

import { parseTree, printPlan } from '../test/tree-script.ts'
import { leveledStrategy, type LeveledSettings } from './leveled-strategy.ts'

const MIB = 2 ** 20
const HOUR = 3_600_000

const settings: LeveledSettings = {
  level0Trigger: 4,
  baseLevelBytes: 10 * MIB,
  levelMultiplier: 10,
  maxTableSize: 2 * MIB,
  maxGrandparentOverlap: 20 * MIB,
  choice: 'round-robin',
  tombstoneRatio: 0.3,
  maxAge: 0,
}

function plan(script: string, changed: Partial<LeveledSettings> = {}): string {
  return printPlan(leveledStrategy({ ...settings, ...changed }).plan(parseTree(script)))
}

type Case = [name: string, tree: string, plan: string, changed?: Partial<LeveledSettings>]

describe('level 0', () => {
  test.each<Case>([
    ['an empty tree', '', 'nothing'],
    ['three tables', 'L0 #9[a-d] #8[c-f] #7[a-z]', 'nothing'],
    [
      'four that overlap go to the last level of a tree that has none yet',
      'L0 #9[a-d] #8[c-f] #7[a-z] #6[b-c]',
      'rewrite L0 #9 #8 #7 #6 → L6: level 0 has 4 tables',
    ],
    [
      'they take along what they overlap',
      `L0 #9[d-f] #8[c-f] #7[d-e] #6[b-c]
       L6 #1[a-b] #2[e-k] #3[m-p]`,
      'rewrite L0 #9 #8 #7 #6 + L6 #1 #2 → L6: level 0 has 4 tables',
    ],
    [
      'the hull counts: #2 lies in a gap, but an output may span it',
      `L0 #9[a-g] #8[a-b] #7[f-g] #6[a-b]
       L6 #1[a-b] #2[c-d] #3[h-k]`,
      'rewrite L0 #9 #8 #7 #6 + L6 #1 #2 → L6: level 0 has 4 tables',
    ],
    [
      'one that overlaps no other is moved, the oldest first',
      'L0 #9[a-b] #8[c-d] #7[e-f] #6[g-h]',
      'move #6 L0 → L6: level 0 has 4 tables',
    ],
    [
      'one that meets something is not moved',
      `L0 #9[a-b] #8[c-d] #7[e-f] #6[g-h]
       L6 #1[a-z]`,
      'rewrite L0 #6 + L6 #1 → L6: level 0 has 4 tables',
    ],
    [
      'one user key in common is meeting',
      `L0 #9[a-b] #8[c-d] #7[e-f] #6[g-h]
       L6 #1[h-z]`,
      'rewrite L0 #6 + L6 #1 → L6: level 0 has 4 tables',
    ],
    [
      'large tables ask for it before there are four',
      'L0 #9[a-d 6M] #8[c-f 6M]',
      'rewrite L0 #9 #8 → L6: level 0 holds 12 MiB',
    ],
    ['one table alone does not, however large', 'L0 #9[a-d 60M]', 'nothing'],
    [
      'a group that is being compacted leaves newer tables that overlap it where they are',
      'L0 #13[a-d] #12[b-c] #11[a-b] #10[c-d] #9*[a-d] #8*[c-f]',
      'nothing',
    ],
    [
      'but not those that are apart from it',
      'L0 #13[x-y] #12[x-z] #11[y-z] #10[x-z] #9*[a-d] #8*[c-f]',
      'rewrite L0 #13 #12 #11 #10 → L6: level 0 has 6 tables',
    ],
    [
      'a table between two busy ones is in the range of their job',
      'L0 #13[m-n] #12[m-o] #11[n-o] #10[m-o] #9*[a-d] #8*[x-z]',
      'nothing',
    ],
    [
      'unless the job is known to write elsewhere',
      `L0 #13[m-n] #12[m-o] #11[n-o] #10[m-o] #9*[a-d] #8*[x-z]
       writes L6 [a-d]
       writes L6 [x-z]`,
      'rewrite L0 #13 #12 #11 #10 → L6: level 0 has 6 tables',
    ],
    [
      'and not where it is known to write there',
      `L0 #13[m-n] #12[m-o] #11[n-o] #10[m-o] #9*[a-d] #8*[x-z]
       writes L6 [a-z]`,
      'nothing',
    ],
  ])('%s', (_, tree, expected, changed) => {
    expect(plan(tree, changed)).toBe(expected)
  })

  test.each<[name: string, tree: string, plan: string]>([
    ['one table', 'L0 #9[a-d]', 'move #9 L0 → L6: iterators merge level 0'],
    ['none', 'L6 #1[a-z]', 'nothing'],
    [
      'tables over others',
      `L0 #9[a-d] #8[c-f]
       L6 #1[a-z]`,
      'rewrite L0 #9 #8 + L6 #1 → L6: iterators merge level 0',
    ],
    [
      'what is urgent goes first',
      `L0 #9[a-d]
       L5 #3[a-b 60M] #4[c-d 60M]
       L6 #1[a-z]`,
      'rewrite L5 #3 + L6 #1 → L6: level 5 holds 120 MiB of 12 MiB',
    ],
  ])('goes before it is urgent where iterators merge it much: %s', (_, tree, expected) => {
    expect(printPlan(leveledStrategy(settings).plan({ ...parseTree(tree), isReadHeavy: true }))).toBe(expected)
    expect(printPlan(leveledStrategy(settings).plan({ ...parseTree(tree), isReadHeavy: false }))).toBe(
      tree.includes('60M') ? expected : 'nothing',
    )
  })

  test('of a thousand tables, 32 of the oldest go at once', () => {
    const tables = Array.from({ length: 1000 }, (_, at) => `#${1000 - at}[a-z]`).join(' ')
    const oldest = Array.from({ length: 32 }, (_, at) => `#${32 - at}`).join(' ')
    expect(plan(`L0 ${tables}`)).toBe(`rewrite L0 ${oldest} → L6: level 0 has 1000 tables`)
  })
})

describe('which level', () => {
  test.each<Case>([
    [
      'the base is where the targets come down to 10 MiB',
      `L0 #9[a-d] #8[c-f] #7[a-z] #6[b-c]
       L6 #1[a-z 150M]`,
      'rewrite L0 #9 #8 #7 #6 → L5, grandparents #1, older L6 #1: level 0 has 4 tables',
    ],
    [
      'two levels lower for a hundred times as much',
      `L0 #9[a-d] #8[c-f] #7[a-z] #6[b-c]
       L6 #1[a-k 8000M] #2[k-z 7000M]`,
      'rewrite L0 #9 #8 #7 #6 → L3, older L6 #1 #2: level 0 has 4 tables',
    ],
    [
      'level 0 does not pass a table in an unused level',
      `L0 #9[a-d] #8[c-f] #7[a-z] #6[b-c]
       L2 #5*[e-f]
       L6 #1[a-z 150M]`,
      'nothing',
    ],
    [
      'such a table goes down, level by level',
      `L2 #5[e-f]
       L6 #1[a-z 150M]`,
      'move #5 L2 → L3: level 2 holds 1 MiB and is to be empty',
    ],
    [
      'a base that holds tables is kept down to half of its least target',
      `L5 #5[e-f]
       L6 #1[a-z 60M]`,
      'nothing',
    ],
    [
      'and given up below that',
      `L5 #5[e-f]
       L6 #1[a-z 40M]`,
      'rewrite L5 #5 + L6 #1 → L6: level 5 holds 1 MiB and is to be empty',
    ],
    [
      'a tree of LevelDB keeps its shape: its last level is the bottom',
      `L1 #1[a-c 5M] #2[d-f 4M]
       L2 #3[a-f 100M]`,
      'nothing',
    ],
    [
      'until its first level would have to be too large',
      `L1 #1[a-c 5M]
       L2 #3[a-f 1000M] #4[g-k 1000M]`,
      'move #3 L2 → L3: level 2 holds 2 GiB of 200 MiB',
    ],
    [
      'the level with the greatest score goes first',
      `L0 #9[a-d] #8[c-f] #7[a-z] #6[b-c]
       L5 #2[a-b 20M] #3[m-n 20M]
       L6 #1[a-k 100M] #4[l-z 10M]`,
      'rewrite L5 #2 + L6 #1 → L6: level 5 holds 40 MiB of 11 MiB',
    ],
    [
      'if that one is busy, the next',
      `L0 #9[c-f] #8[c-f] #7[c-f] #6[c-d]
       L5 #2[a-b 20M] #3[m-n 40M]
       L6 #1*[a-b 100M] #4*[l-z 10M]
       writes L6 [a-b]
       writes L6 [l-z]`,
      'rewrite L0 #9 #8 #7 #6 → L5: level 0 has 4 tables',
    ],
  ])('%s', (_, tree, expected, changed) => {
    expect(plan(tree, changed)).toBe(expected)
  })
})

describe('which tables', () => {
  test.each<Case>([
    [
      'the first without a pointer',
      `L5 #2[a-c 8M] #3[d-f 8M] #4[g-h 8M]
       L6 #1[a-z 120M]`,
      'rewrite L5 #2 #3 #4 + L6 #1 → L6: level 5 holds 24 MiB of 12 MiB',
      { maxTableSize: 16 * MIB },
    ],
    [
      'no more of the level than is good: 25 output tables',
      `L5 #2[a-c 8M] #3[d-f 8M] #4[g-h 8M]
       L6 #1[a-z 120M]`,
      'rewrite L5 #2 + L6 #1 → L6: level 5 holds 24 MiB of 12 MiB',
    ],
    [
      'the one after the pointer',
      `L5 (f) #2[a-c 8M] #3[d-f 8M] #4[g-h 8M]
       L6 #1[a-z 120M]`,
      'rewrite L5 #4 + L6 #1 → L6: level 5 holds 24 MiB of 12 MiB',
    ],
    [
      'the first again after the last',
      `L5 (h) #2[a-c 8M] #3[d-f 8M] #4[g-h 8M]
       L6 #1[a-z 120M]`,
      'rewrite L5 #2 + L6 #1 → L6: level 5 holds 24 MiB of 12 MiB',
    ],
    [
      'the one that overlaps least, if so chosen',
      `L5 #2[a-c 8M] #3[d-f 8M] #4[g-h 8M]
       L6 #1[a-c 50M] #5[d-e 10M] #6[g-z 60M]`,
      'rewrite L5 #3 + L6 #5 → L6: level 5 holds 24 MiB of 12 MiB',
      { choice: 'least-overlap' },
    ],
    [
      'one that overlaps nothing is moved',
      `L5 #2[a-c 8M] #3[d-f 8M] #4[g-h 8M]
       L6 #6[g-z 120M]`,
      'move #2 L5 → L6: level 5 holds 24 MiB of 12 MiB',
    ],
    [
      'not onto too many grandparents',
      `L4 #2[a-c 20M]
       L5 #3[d-f 40M] #4[g-h 40M]
       L6 #5[a-c 500M] #6[d-z 600M]`,
      'rewrite L4 #2 → L5, grandparents #5, older L6 #5: level 4 holds 20 MiB of 11 MiB',
    ],
    [
      'tables that share a user key go together',
      `L5 #2[a-c 8M] #3[c-f 8M] #4[f-h 8M] #7[k-m 8M]
       L6 #1[a-c 120M]`,
      'rewrite L5 #2 #3 #4 + L6 #1 → L6: level 5 holds 32 MiB of 12 MiB',
    ],
    [
      'even where nothing else would have to be merged',
      `L5 #2[a-c 8M] #3[c-f 8M]
       L6 #1[x-z 120M]`,
      'rewrite L5 #2 #3 → L6: level 5 holds 16 MiB of 12 MiB',
    ],
    [
      'in the level below as well',
      `L5 #2[d-e 8M] #7[x-y 8M]
       L6 #1[a-b] #3[b-d] #4[e-f] #5[f-g] #6[h-i 120M]`,
      'rewrite L5 #2 + L6 #1 #3 #4 #5 → L6: level 5 holds 16 MiB of 12 MiB',
    ],
    [
      'a table is passed over while what it meets is busy',
      `L5 #2[a-c 8M] #3[d-f 8M] #4[g-h 8M]
       L6 #1*[a-c 60M] #5[d-z 60M]`,
      'rewrite L5 #3 + L6 #5 → L6: level 5 holds 24 MiB of 12 MiB',
      { maxTableSize: MIB },
    ],
    [
      'busy tables count for nothing in the score',
      `L5 #2*[a-c 8M] #3[d-f 8M]
       L6 #1*[a-c 60M] #5[d-z 60M]`,
      'nothing',
    ],
    [
      'more of the level goes along if that costs nothing below',
      `L5 #2[a-b 8M] #3[c-d 8M] #4[e-f 8M] #7[m-n 8M]
       L6 #1[a-g 10M] #5[k-z 110M]`,
      'rewrite L5 #2 #3 #4 + L6 #1 → L6: level 5 holds 32 MiB of 12 MiB',
    ],
    [
      'two levels that are not neighbours are compacted at the same time',
      `L4 #9[a-c 20M]
       L5 #2*[a-c 80M] #3[d-f 20M]
       L6 #1*[a-c 600M] #5[d-z 600M]
       writes L6 [a-c]`,
      'nothing',
    ],
    [
      'what lies in the gap of a running job is not moved into its range',
      `L5 #2*[a-c 8M] #3[e-f 60M] #4*[g-h 8M]
       L6 #5[x-z 120M]
       writes L6 [a-h]`,
      'nothing',
    ],
    [
      'it is if the jobs are two',
      `L5 #2*[a-c 8M] #3[e-f 60M] #4*[g-h 8M]
       L6 #5[x-z 120M]
       writes L6 [a-c]
       writes L6 [g-h]`,
      'move #3 L5 → L6: level 5 holds 76 MiB of 12 MiB',
    ],
    [
      'nothing is moved into the gap between busy neighbours',
      `L4 #7[d-e 60M]
       L5 #2*[a-c 80M] #4*[g-h 20M]
       L6 #5[x-z 1200M]`,
      'nothing',
    ],
  ])('%s', (_, tree, expected, changed) => {
    expect(plan(tree, changed)).toBe(expected)
  })
})

describe('garbage', () => {
  const aged = { maxAge: 24 * HOUR }
  test.each<Case>([
    [
      'a table of the last level with many deletions is rewritten where it is',
      'L6 #1[a-c] #2[d-f 40% seq 7] #3[g-h]',
      'rewrite L6 #2 → L6: #2 has 40 deletions in 100 entries',
    ],
    ['few deletions are left', 'L6 #2[d-f 20% seq 7]', 'nothing'],
    ['deletions that a reader needs are left', 'reader 6\nL6 #2[d-f 40% seq 7]', 'nothing'],
    ['deletions of unknown age are left', 'L6 #2[d-f 40%]', 'nothing'],
    ['a busy table is left', 'L6 #2*[d-f 40% seq 7]', 'nothing'],
    [
      'with something older below, it goes down',
      `L5 #2[d-f 40% seq 7]
       L6 #1[a-d 60M]`,
      'rewrite L5 #2 + L6 #1 → L6: #2 has 40 deletions in 100 entries',
    ],
    [
      'level 0 lets go of it before it is full',
      `L0 #9[a-f 40% seq 7] #8[b-g]
       L6 #1[a-d 60M]`,
      'rewrite L0 #9 #8 + L6 #1 → L6: #9 has 40 deletions in 100 entries',
    ],
    [
      'among ten times as many entries below it waits',
      `L0 #20[a-z 40% seq 7]
       L6 #11[a-b 0%] #12[c-d 0%] #13[e-f 0%] #14[g-h 0%] #15[i-j 0%]`,
      'nothing',
    ],
    [
      'with nothing below in its range, it is at its end',
      `L5 #2[d-f 40% seq 7]
       L6 #1[a-c 60M]`,
      'rewrite L5 #2 → L5: #2 has 40 deletions in 100 entries',
    ],
    [
      'together with its neighbours, if they share a user key',
      'L6 #1[a-d] #2[d-f 40% seq 7] #3[f-h]',
      'rewrite L6 #1 #2 #3 → L6: #2 has 40 deletions in 100 entries',
    ],
    [
      'old tables of the last level are rewritten',
      'L6 #2[d-f old 25h]',
      'rewrite L6 #2 → L6: #2 is 25 hours old',
      aged,
    ],
    ['young ones are not', 'L6 #2[d-f old 23h]', 'nothing', aged],
    ['nor new ones with old data: they have just been rewritten', 'L6 #2[d-f data 25h]', 'nothing', aged],
    ['nor is any where age does not count', 'L6 #2[d-f old 25h]', 'nothing'],
    [
      'old data goes down from level 0',
      `L0 #2[d-f data 25h]
       L6 #1[a-z 60M]`,
      'rewrite L0 #2 + L6 #1 → L6: #2 is 25 hours old',
      aged,
    ],
    [
      'and from deeper levels',
      `L5 #2[d-f data 25h]
       L6 #1[a-z 60M]`,
      'rewrite L5 #2 + L6 #1 → L6: #2 is 25 hours old',
      aged,
    ],
    [
      'levels out of shape come before garbage',
      `L5 #2[d-f 40% seq 7] #3[k-m 20M]
       L6 #1[a-b 60M]`,
      'move #2 L5 → L6: level 5 holds 21 MiB of 6 MiB',
    ],
  ])('%s', (_, tree, expected, changed) => {
    expect(plan(tree, changed)).toBe(expected)
  })
})

describe('a range', () => {
  type RangeCase = [name: string, range: string, tree: string, plan: string]
  test.each<RangeCase>([
    ['nothing in it', 'c-d', 'L6 #1[a-b] #2[e-f]', 'nothing'],
    [
      'level 0 first, with older tables outside of the range that overlap one inside',
      'c-d',
      `L0 #9[y-z] #8[d-e] #7[e-g] #6[g-h]
       L6 #1[a-b] #2[e-f]`,
      'rewrite L0 #8 #7 #6 + L6 #2 → L6',
    ],
    ['level 0 alone is rewritten, not moved', '-', 'L0 #9[a-b]', 'rewrite L0 #9 → L6'],
    [
      'then the next level',
      'c-d',
      `L2 #3[a-c] #4[d-e] #5[f-g]
       L3 #1[a-b] #2[d-f]`,
      'rewrite L2 #3 #4 #5 + L3 #1 #2 → L3',
    ],
    ['a table that meets nothing below is moved', 'c-d', 'L2 #3[a-c]\nL6 #1[c-d]', 'move #3 L2 → L3'],
    ['the deepest level in the end', 'c-d', 'L2 #3[a-b]\nL6 #1[a-c] #2[d-e] #4[f-g]', 'rewrite L6 #1 #2 → L6'],
    ['not what steps have written', 'c-d done 7', 'L6 #7[a-c] #2[d-e] #4[f-g]', 'rewrite L6 #2 → L6'],
    ['nor what came after the first step', 'a-z done 7', 'L0 #9[a-z]\nL6 #7[a-c] #8[d-e]', 'nothing'],
    ['what steps have written goes deeper', 'a-z done 7', 'L5 #7[a-c]\nL6 #2[a-c]', 'rewrite L5 #7 + L6 #2 → L6'],
    ['everything', '-', 'L6 #1[a-c] #2[d-e] #4[f-g]', 'rewrite L6 #1 #2 #4 → L6'],
    ['busy tables are passed over', '-', 'L6 #1*[a-c] #2[d-e] #4[f-g]', 'rewrite L6 #2 #4 → L6'],
  ])('%s', (_, range, tree, expected) => {
    const [, begin, end, done] = /^(\w*)-(\w*)(?: done (\d+))?$/.exec(range)!
    const [first, last] = [begin, end].map(key => (key === '' ? undefined : new TextEncoder().encode(key)))
    const numbers = new Set(done === undefined ? [] : [Number(done)])
    const found = printPlan(leveledStrategy(settings).planRange(parseTree(tree), first, last, numbers))
    expect(found.replace(/: .*/, '').replace(/, .*/, '')).toBe(expected)
  })

  test('forty tables go in pieces of 25', () => {
    const tables = Array.from({ length: 40 }, (_, at) => `#${at + 1}[k${at + 10}-k${at + 10}x]`)
    const found = leveledStrategy(settings).planRange(
      parseTree(`L6 ${tables.join(' ')}`),
      undefined,
      undefined,
      new Set(),
    )
    expect(found?.kind === 'rewrite' && found.inputs[0].tables.length).toBe(25)
  })
})

describe('urgency', () => {
  test('scores follow number and bytes', () => {
    const tree = parseTree(`L0 #9[a-d] #8[c-f]
      L4 #7[a-c 5M]
      L5 #2[a-b 18M] #3*[m-n 20M]
      L6 #1[a-k 120M]`)
    const scores = leveledStrategy(settings).scores(tree)
    expect(scores.map(score => Number(score.toFixed(2)))).toEqual([0.5, 0, 0, 0, 1.5, 1.5, 0])
  })

  test.each([
    ['a tree in shape', 'L0 #9[a-d]\nL5 #2[a-b 10M]\nL6 #1[a-k 120M]', 0],
    // Its own four, and the twelve that they meet.
    ['level 0 with four tables', 'L0 #9[a-d] #8[a-d] #7[a-d] #6[a-d]\nL6 #1[a-k 12M]', 16],
    // 8 MiB too much, each with 120 / 20 of what is below.
    ['a level that is too large', 'L5 #2[a-b 20M]\nL6 #1[a-k 120M]', 8 * (1 + 120 / 20)],
  ])('bytes to be rewritten: %s', (_, tree, mebibytes) => {
    expect(leveledStrategy(settings).pendingBytes(parseTree(tree)) / MIB).toBeCloseTo(mebibytes)
  })
})
