/**
 * The numbers that are shown of a measurement: their names, and whether less or more of them is better.
 */
import type { Figure } from './figure.ts'
import type { Measurement } from './measure.ts'
import type { LapTimes, Phase, Times } from './meter.ts'

/** One number of a measurement. */
export interface Metric {
  readonly name: string
  /** Digits after the point. */
  readonly digits: number
  readonly of: (measurement: Measurement) => number | undefined
}

/** The numbers of measurements with these phases, in the order of the table. */
export function metricsOf(measurement: Measurement): Metric[] {
  const phases = measurement.phases.flatMap(({ name, laps }) => phaseMetrics(name, laps.operationsPerLap))
  const figures = measurement.figures.map(figureMetric)
  return [...phases, ...figures, ...WHOLE].filter(({ of }) => of(measurement) !== undefined)
}

function phaseMetrics(phase: string, operationsPerLap: number): Metric[] {
  const metric = (name: string, digits: number, of: (phase: Phase) => number | undefined): Metric => ({
    name: `${phase}: ${name}`,
    digits,
    of({ phases }) {
      const found = phases.find(({ name }) => name === phase)
      return found === undefined ? undefined : of(found)
    },
  })
  const lap = (name: string, digits: number, of: (laps: LapTimes) => number): Metric =>
    metric(`${operationsPerLap} op ${name}`, digits, ({ laps }) =>
      operationsPerLap > LARGEST_LAP ? undefined : of(laps),
    )
  const single = (name: string, of: (times: Times) => number): Metric =>
    metric(`single op ${name}`, 1, ({ single: times }) => (times === undefined ? undefined : of(times)))
  return [
    metric('µs/op', 3, ({ seconds, operations }) => (seconds * 1e6) / operations),
    metric('CPU µs/op', 3, ({ cpuSeconds, operations }) => (cpuSeconds * 1e6) / operations),
    metric('slowest second, k op/s', 0, slowestSecond),
    single('median, µs', ({ median }) => median),
    single('p99, µs', ({ p99 }) => p99),
    single('p99.9, µs', ({ p999 }) => p999),
    single('max, µs', ({ max }) => max),
    lap('median, µs', 0, ({ median }) => median),
    lap('p99, µs', 0, ({ p99 }) => p99),
    lap('p99.9, µs', 0, ({ p999 }) => p999),
    lap('max, ms', 1, ({ max }) => max / 1000),
    lap('stalls > 100 ms, ms', 0, ({ stalledMilliseconds }) => stalledMilliseconds),
    metric('loop delay p99, ms', 2, ({ loopDelay }) => loopDelay.p99),
    metric('loop delay max, ms', 1, ({ loopDelay }) => loopDelay.max),
    metric('longest turn, ms', 1, ({ loopDelay }) => loopDelay.longestTurn),
  ]
}

function figureMetric({ name, digits }: Figure): Metric {
  return { name, digits, of: ({ figures }) => figures.find(figure => figure.name === name)?.value }
}

/** Longer laps are whole scans, whose single durations say nothing. */
const LARGEST_LAP = 10_000

function slowestSecond({ perSecond }: Phase): number | undefined {
  return perSecond.length < 3 ? undefined : Math.min(...perSecond) / 1000
}

const WHOLE: readonly Metric[] = [
  { name: 'settling, s', digits: 2, of: ({ settled }) => settled?.seconds },
  {
    name: 'write amplification (disk)',
    digits: 2,
    of: ({ settled }) => ratio(settled?.diskBytesWritten, settled?.userBytes),
  },
  {
    name: 'write amplification (write calls)',
    digits: 2,
    of: ({ settled }) => ratio(settled?.bytesHandedToWrite, settled?.userBytes),
  },
  {
    name: 'write amplification (tables)',
    digits: 2,
    of: ({ settled }) => ratio(settled?.stats.tableBytesWritten, settled?.userBytes),
  },
  { name: 'space amplification', digits: 2, of: ({ settled }) => ratio(settled?.bytesOnDisk, settled?.liveBytes) },
  { name: 'peak memory, MB', digits: 0, of: ({ peakMemory }) => peakMemory / 1e6 },
]

function ratio(part: number | undefined, whole: number | undefined): number | undefined {
  return part === undefined || whole === undefined ? undefined : part / whole
}
