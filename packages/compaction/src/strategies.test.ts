/**
 * Every strategy on a random tree under random work, several jobs at once, invariants after every step.
 */
import { Random, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { inputsOf, TreeModel, userKeyOf } from '../test/tree-model.ts'
import { fifoStrategy } from './fifo-strategy.ts'
import { leveledStrategy, type LeveledSettings } from './leveled-strategy.ts'
import type { Strategy } from './strategy.ts'
import { tieredStrategy } from './tiered-strategy.ts'

const KEYS = 120
const HOUR = 3_600_000

const leveled: LeveledSettings = {
  level0Trigger: 3,
  baseLevelBytes: 150,
  levelMultiplier: 3,
  maxTableSize: 60,
  maxGrandparentOverlap: 200,
  choice: 'round-robin',
  tombstoneRatio: 0.4,
  maxAge: 0,
}
const tiered = { minRuns: 3, maxRuns: 6, sizeRatio: 10, maxSpaceAmplification: 150, maxTableSize: 1e9 }

const strategies: [string, Strategy, boolean][] = [
  ['leveled, told of outputs', leveledStrategy(leveled), true],
  ['leveled, not told of outputs', leveledStrategy(leveled), false],
  ['leveled by overlap', leveledStrategy({ ...leveled, choice: 'least-overlap', maxAge: 20 * HOUR }), true],
  ['leveled in large tables', leveledStrategy({ ...leveled, maxTableSize: 300, levelMultiplier: 2 }), true],
  ['leveled with narrow grandparents', leveledStrategy({ ...leveled, maxGrandparentOverlap: 30 }), false],
  ['tiered', tieredStrategy(tiered), true],
  ['tiered, split', tieredStrategy({ ...tiered, maxTableSize: 50 }), false],
]

describe.each(strategies)('%s', (_, strategy, tellsOutputs) => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('keeps every version in its place, seed +%i', extra => {
    const random = new Random(testSeed(1) * 1000 + extra)
    const model = oddTree(random, tellsOutputs)
    withSeed(random, () => {
      for (let step = 0; step < 700; step++) {
        randomStep(random, model, strategy)
        model.check()
      }
      settle(model, strategy)
      model.check()
    })
  })

  test.each([1, 2, 3, 4, 5, 6])('compacts ranges by hand amid other work, seed +%i', extra => {
    const random = new Random(testSeed(2) * 1000 + extra)
    const model = oddTree(random, tellsOutputs)
    withSeed(random, () => {
      for (let round = 0; round < 25; round++) {
        const [first, last] = [random.below(KEYS), random.below(KEYS)].sort((a, b) => a - b)
        const done = new Set<number>()
        for (let calls = 0; ; calls++) {
          if (calls > 2000) throw new Error('no end of steps')
          const plan = strategy.planRange(model.describe(), userKeyOf(first), userKeyOf(last), done)
          if (plan === undefined) break
          const job = model.start(plan)
          for (let others = random.below(3); others > 0; others--) randomStep(random, model, strategy, job)
          for (const number of model.finish(job)) done.add(number)
          model.check()
        }
        for (let steps = random.below(20); steps > 0; steps--) randomStep(random, model, strategy)
      }
    })
  })

  test('leaves nothing to forget in a range that it compacted alone', () => {
    for (let extra = 0; extra < 20; extra++) {
      const random = new Random(testSeed(3) * 1000 + extra)
      const model = oddTree(random, tellsOutputs)
      withSeed(random, () => {
        for (let step = 0; step < 60; step++) randomStep(random, model, strategy)
        for (const job of model.jobs) model.finish(job)
        const [first, last] = [random.below(KEYS), random.below(KEYS)].sort((a, b) => a - b)
        const done = new Set<number>()
        for (;;) {
          const plan = strategy.planRange(model.describe(), userKeyOf(first), userKeyOf(last), done)
          if (plan === undefined) break
          for (const number of model.finish(model.start(plan))) done.add(number)
        }
        model.check()
        if (strategy.usesLevels) expect(model.garbage(first, last)).toBe(0)
      })
    }
  })
})

describe('fifo', () => {
  test.each([1, 2, 3, 4])('brings nothing back, seed +%i', extra => {
    const random = new Random(testSeed(4) * 1000 + extra)
    const model = oddTree(random, true)
    const strategy = fifoStrategy({ maxBytes: 800, maxAge: 30 * HOUR })
    withSeed(random, () => {
      for (let step = 0; step < 300; step++) {
        randomStep(random, model, strategy)
        model.check(true)
      }
    })
  })
})

/** A tree with tables on any levels, as a directory of another program may have them. */
function oddTree(random: Random, tellsOutputs: boolean): TreeModel {
  const model = new TreeModel(random, tellsOutputs)
  for (let level = 6; level > 0; level--) {
    if (random.oneIn(2)) continue
    for (let key = random.below(40); key < KEYS; key += random.between(1, 40)) {
      const keys = Array.from({ length: random.between(1, 12) }, () => Math.min(KEYS, key++))
      model.write(
        keys.filter((_, at) => at === 0 || !random.oneIn(4)),
        level,
      )
      if (key >= KEYS) break
    }
  }
  for (let tables = random.skewed(40); tables > 0; tables--) model.write(someKeys(random))
  model.check()
  return model
}

function randomStep(random: Random, model: TreeModel, strategy: Strategy, mine?: object): void {
  const choice = random.below(10)
  if (choice < 3) model.write(someKeys(random))
  else if (choice < 6) {
    const job = random.pick([...model.jobs])
    if (job !== undefined && job !== mine) model.finish(job)
  } else if (choice === 6) {
    model.now += random.below(10) * HOUR
    model.snapshot = random.oneIn(2) ? undefined : Math.max(model.oldestReader, model.sequence - random.below(30))
  } else if (model.jobs.size < 4) {
    const tree = model.describe()
    const plan = strategy.plan(tree)
    if (plan === undefined) return
    const read = inputsOf(plan).flatMap(({ tables }) => tables)
    expect(read.filter(({ number }) => tree.busy.has(number))).toEqual([])
    expect(read.length).toBeGreaterThan(0)
    const job = model.start(plan)
    if (plan.kind === 'move') model.finish(job)
  }
}

/** Lets the strategy work until it wants nothing more. */
function settle(model: TreeModel, strategy: Strategy): void {
  for (const job of model.jobs) model.finish(job)
  model.snapshot = undefined
  for (let step = 0; ; step++) {
    if (step > 5000) throw new Error('no end of plans')
    const plan = strategy.plan(model.describe())
    if (plan === undefined) break
    model.finish(model.start(plan))
  }
  const scores = strategy.scores(model.describe())
  if (strategy.usesLevels) expect(Math.max(...scores)).toBeLessThan(1)
}

function someKeys(random: Random): number[] {
  const first = random.below(KEYS)
  const spread = random.oneIn(3) ? KEYS : random.between(3, 20)
  return Array.from({ length: random.between(1, 12) }, () => Math.min(KEYS - 1, first + random.below(spread)))
}

function withSeed(random: Random, body: () => void): void {
  try {
    body()
  } catch (error) {
    throw new Error(`seed ${random.seed}: ${(error as Error).message}`, { cause: error })
  }
}
