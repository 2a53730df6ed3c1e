import { expect, test } from 'vitest'

import { curveChart, curveSizes } from './curve.ts'
import type { Row } from './summary.ts'

const MACHINE = { date: '2026-01-02', node: '20', system: 'x', processors: '2', memory: '4 GiB' }

test('sizes are powers of ten from ten thousand on', () => {
  expect(curveSizes(10_000_000)).toEqual([10_000, 100_000, 1_000_000, 10_000_000])
  expect(curveSizes(300_000)).toEqual([10_000, 100_000])
  expect(curveSizes(10)).toEqual([])
})

test('a line has a point for each size that was measured', () => {
  const row = (keys: number, time: number | undefined): Row => {
    const spread = time === undefined ? undefined : { median: time, min: time, max: time }
    return { workload: 'readseq', keys, durability: 'os', cells: [{ engine: 'lsm', spread, lack: undefined }] }
  }
  const svg = curveChart([row(10_000, 1), row(100_000, 10), row(1_000_000, undefined)], MACHINE)
  expect(svg.match(/<circle/g)).toHaveLength(2)
  expect(svg).toContain('<polyline points="70.0,310.0 195.0,80.0"')
  expect(svg).not.toContain('NaN')
})

test('nothing measured is drawn as nothing', () => {
  expect(curveChart([], MACHINE)).not.toContain('NaN')
})
