import { expect, test } from 'vitest'

import { barChart } from './chart.ts'
import type { Machine } from './machine.ts'
import { markdown } from './markdown.ts'
import type { Phase } from './meter.ts'
import { summaryTables } from './report.ts'
import type { Outcome, Rounds } from './rounds.ts'
import { micros, summarize, type Result } from './summary.ts'
import { targetOf, verdict } from './targets.ts'

const MACHINE: Machine = { date: '2026-01-02', node: '20', system: 'x', processors: '2 × <fast>', memory: '4 GiB' }

function phase(name: string, seconds: number): Phase {
  const laps = { operationsPerLap: 1, median: 1, p95: 1, p99: 1, p999: 1, max: 1, stalls: 0, stalledMilliseconds: 0 }
  const loopDelay = { p99: 1, max: 2, longestTurn: 3 }
  return { name, operations: 1_000_000, userBytes: 1, seconds, cpuSeconds: 1, perSecond: [], laps, loopDelay }
}

function outcome(engine: string, seconds: number): Outcome {
  const phases = [phase('load', 9), phase('work', seconds)]
  return {
    engine,
    round: 1,
    measurement: { phases, settled: undefined, figures: [], remarks: [], peakMemory: 5e6 },
    failure: undefined,
  }
}

function result(workload: string, durability: Rounds['durability'], outcomes: Outcome[]): Result {
  const engines = ['other', 'lsm', 'absent']
  const size = { num: 1, keys: 1_000_000, batch: 1, seed: 1, seconds: 1 }
  const absent = { engine: 'absent', round: 1, measurement: undefined, failure: undefined, missing: 'not installed' }
  const rounds = { workload, engines, durability, size, repeat: 2, parent: '', nodeArguments: [] }
  return { rounds, outcomes: [...outcomes, absent] }
}

const RESULTS = [
  result('fillseq', 'os', [outcome('other', 6), outcome('lsm', 1.5), outcome('lsm', 1.25)]),
  result('fillsync', 'synced', [outcome('other', 200), outcome('lsm', 250)]),
]

test('a row has the medians of the last phases, or why there are none', () => {
  const [first] = summarize(RESULTS)
  expect(first).toMatchObject({ workload: 'fillseq', keys: 1_000_000, durability: 'os' })
  expect(first.cells).toEqual([
    { engine: 'other', spread: { median: 6, min: 6, max: 6 }, lack: undefined },
    { engine: 'lsm', spread: { median: 1.375, min: 1.25, max: 1.5 }, lack: undefined },
    { engine: 'absent', spread: undefined, lack: 'not installed' },
  ])
})

test('tables: one for each durability, with what was to be reached', () => {
  const tables = summaryTables(summarize(RESULTS), true)
  expect(tables).toContain('survives the death of the process')
  const cells = (name: string) =>
    tables
      .split('\n')
      .find(line => line.includes(name))
      ?.split('│')
      .map(cell => cell.trim())
  expect(cells('fillseq')).toEqual(['', 'fillseq', '6.00', '1.38  ×0.23', 'not installed', '1.6', 'hit', ''])
  expect(cells('fillsync')).toEqual(['', 'fillsync', '200', '250  ×1.25', 'not installed', '230', 'missed ×1.09', ''])
})

test('Markdown has every row, the lost ones too', () => {
  const lines = markdown(RESULTS, MACHINE, true).split('\n')
  expect(lines).toContain('| fillseq | 1,000,000 | 6.00 | 1.38 (1.25–1.50), ×0.23 | not installed | 1.6 |')
  expect(lines).toContain('| fillsync | 1,000,000 | 200 | 250, ×1.25 | not installed | 230 |')
  expect(lines).toContain('| fillseq | lsm | 1.00 | 2.00 |  |  | 5.00 |')
})

test('a chart has a bar for each time, and takes text as text', () => {
  const svg = barChart(summarize(RESULTS), MACHINE)
  expect(svg.match(/rx="1.5" fill="#1f6feb"/g)).toHaveLength(3)
  expect(svg).toContain('>1.38 µs  ×0.23</text>')
  expect(svg).toContain('2 × &lt;fast&gt;')
  expect(svg).not.toContain('NaN')
})

test.each([
  [0.4567, '0.46'],
  [9.996, '10.00'],
  [12.34, '12.3'],
  [123.4, '123'],
])('%d µs is written %s', (time, written) => {
  expect(micros(time)).toBe(written)
})

test('targets are there for the sizes that have some', () => {
  expect(targetOf('fillseq', 1_000_000)).toBe(1.6)
  expect(targetOf('readseq', 200_000)).toBe(0.45)
  expect(targetOf('fillseq', 12)).toBeUndefined()
  expect([verdict(1, 1), verdict(3, 2)]).toEqual(['hit', 'missed ×1.50'])
})
