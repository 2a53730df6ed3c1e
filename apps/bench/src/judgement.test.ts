import { expect, test } from 'vitest'

import { judge, judgementTable } from './judgement.ts'
import type { Outcome, Rounds } from './rounds.ts'

const ROUNDS: Rounds = {
  workload: 'fillseq',
  engines: ['a', 'b'],
  durability: 'os',
  size: { num: 1, keys: 1, batch: 1, seed: 1, seconds: 1 },
  repeat: 5,
  parent: '',
  nodeArguments: [],
}

function outcomes(engine: string, times: readonly number[], cpuSeconds = 1): Outcome[] {
  return times.map((seconds, round) => {
    const laps = { operationsPerLap: 1, median: 1, p95: 1, p99: 1, p999: 1, max: 1, stalls: 0, stalledMilliseconds: 0 }
    const loopDelay = { p99: 1, max: 2, longestTurn: 3 }
    const phase = {
      name: 'work',
      operations: 1_000_000,
      userBytes: 1,
      seconds,
      cpuSeconds,
      perSecond: [],
      laps,
      loopDelay,
    }
    return {
      engine,
      round,
      measurement: { phases: [phase], settled: undefined, figures: [], remarks: [], peakMemory: 1 },
      failure: undefined,
    }
  })
}

const BEFORE = [1.0, 1.1, 1.2, 1.05, 1.15]

test.each([
  ['slower', BEFORE, [2.0, 2.1, 2.2, 2.05, 2.15]],
  ['faster', BEFORE, [0.5, 0.6, 0.7, 0.55, 0.65]],
  ['same', BEFORE, [1.01, 1.11, 1.21, 1.06, 1.3]],
  // Wholly apart, but by less than matters.
  ['same', [1, 1.001, 1.002, 1.003, 1.004], [1.01, 1.011, 1.012, 1.013, 1.014]],
])('%s: %j, then %j', (verdict, before, after) => {
  expect(judge(ROUNDS, [...outcomes('a', before), ...outcomes('b', after)]).verdict).toBe(verdict)
})

test('processor time counts, too', () => {
  const cpus = (engine: string, from: number) => BEFORE.flatMap((time, i) => outcomes(engine, [time], from + i / 100))
  expect(judge(ROUNDS, [...cpus('a', 1), ...cpus('b', 2)]).verdict).toBe('slower')
})

test('what failed is neither slower nor faster', () => {
  const failed: Outcome = { engine: 'b', round: 1, measurement: undefined, failure: 'it broke' }
  const judgement = judge(ROUNDS, [...outcomes('a', BEFORE), failed])
  expect(judgement.verdict).toBe('failed')
  expect(judgementTable(['v1', 'v2'], [judgement])).toMatch(/fillseq.*–.*failed/)
})
