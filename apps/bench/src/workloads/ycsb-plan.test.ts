import { expect, test } from 'vitest'

import { INSERT, READ, SCAN, UPDATE, writes, YcsbPlan, type Mix } from './ycsb-plan.ts'

const LOADED = 1000
const LAP = 400

test('a second plan with the same seed decides the same', () => {
  const mix: Mix = { most: SCAN, other: INSERT, share: 5, latest: false }
  const [first, second] = [new YcsbPlan(mix, LOADED, 9, LAP), new YcsbPlan(mix, LOADED, 9, LAP)]
  for (let lap = 0; lap < 10; lap++) {
    first.next()
    second.next()
    expect(second).toEqual(first)
  }
})

test('shares are kept, and scans have lengths', () => {
  const plan = new YcsbPlan({ most: SCAN, other: UPDATE, share: 30, latest: false }, LOADED, 1, LAP)
  let updates = 0
  for (let lap = 0; lap < 50; lap++) {
    plan.next()
    updates += plan.kinds.filter(writes).length
    plan.kinds.forEach((kind, i) => expect(plan.lengths[i] > 0).toBe(kind === SCAN))
  }
  expect(updates / (50 * LAP)).toBeCloseTo(0.3, 1)
})

test('new keys follow each other, and reads ask for what was there before the lap, the newest most', () => {
  const plan = new YcsbPlan({ most: READ, other: INSERT, share: 5, latest: true }, LOADED, 1, LAP)
  let next = LOADED
  let newest = 0
  for (let lap = 0; lap < 20; lap++) {
    plan.next()
    plan.kinds.forEach((kind, i) => {
      if (kind === INSERT) expect(plan.keys[i]).toBe(next++)
      else expect(plan.keys[i]).toBeLessThan(plan.present)
      newest += kind === READ && plan.keys[i] === plan.present - 1 ? 1 : 0
    })
  }
  expect(next).toBeGreaterThan(LOADED)
  expect(newest / (20 * LAP)).toBeGreaterThan(0.08)
})
