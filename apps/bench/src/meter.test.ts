import { expect, test } from 'vitest'

import { Meter } from './meter.ts'

test('a phase has what its laps had', async () => {
  const meter = new Meter('work')
  await meter.lap(100, 1000)
  await meter.sample(async () => {})
  meter.endLap(50, 500)
  expect(meter.operations).toBe(150)
  const phase = meter.stop()
  expect(phase).toMatchObject({ name: 'work', operations: 150, userBytes: 1500, laps: { operationsPerLap: 100 } })
  expect(phase.seconds).toBeGreaterThan(0)
  expect(phase.single?.median).toBeGreaterThan(0)
  expect(phase.single?.max).toBeLessThanOrEqual(phase.seconds * 1e6 * 1.01)
})

test('where no operation was timed alone, nothing is said about single ones', () => {
  expect(new Meter('work').stop().single).toBeUndefined()
})

test('a phase that only blocks is seen, if it is begun and finished with the sampler', async () => {
  const meter = await Meter.begin('work')
  const end = performance.now() + 50
  while (performance.now() < end);
  meter.endLap(1, 1)
  const { loopDelay, seconds } = await meter.finish()
  expect(loopDelay.max).toBeGreaterThanOrEqual(49)
  expect(seconds).toBeGreaterThanOrEqual(0.05)
})
