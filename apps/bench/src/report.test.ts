import { expect, test } from 'vitest'

import type { Measurement } from './measure.ts'
import type { Phase } from './meter.ts'
import { phaseLine, resultTable } from './report.ts'

function phase(seconds: number): Phase {
  return {
    name: 'fillrandom',
    operations: 1_000_000,
    userBytes: 116_000_000,
    seconds,
    cpuSeconds: seconds,
    perSecond: [1, 2, 3],
    laps: {
      operationsPerLap: 100,
      median: 1,
      p95: 2,
      p99: 3,
      p999: 4,
      max: 5000,
      stalls: 0,
      stalledMilliseconds: 0,
    },
    loopDelay: { p99: 1, max: 2, longestTurn: 3 },
  }
}

test('a phase is a line of db_bench', () => {
  expect(phaseLine(phase(3.214))).toBe('fillrandom          :       3.214 micros/op;   34.4 MB/s')
})

test('a table compares medians with the first engine', () => {
  const outcome = (engine: string, round: number, seconds: number) => {
    const measurement: Measurement = {
      phases: [phase(seconds)],
      settled: undefined,
      figures: [],
      remarks: [],
      peakMemory: 1e6,
    }
    return { engine, round, measurement, failure: undefined }
  }
  const outcomes = [outcome('a', 1, 4), outcome('b', 1, 1), outcome('b', 2, 2), outcome('a', 2, 4)]
  const failed = { engine: 'c', round: 1, measurement: undefined, failure: 'it failed' }
  const row = resultTable(['a', 'b', 'c'], [failed, ...outcomes])
    .split('\n')
    .find(line => line.includes('fillrandom: µs/op'))
  expect(row?.split('│').map(cell => cell.trim())).toEqual([
    '',
    'fillrandom: µs/op',
    '4.000',
    '1.500 (1.000–2.000)  ×0.38',
    '–',
    '',
  ])
})

test('nothing measured is said', () => {
  expect(resultTable(['a'], [])).toBe('nothing was measured')
})
