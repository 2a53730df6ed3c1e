/**
 * Whether a workload became slower or faster, told from noise.
 *
 * Both the time and the processor time are judged: on a shared machine the second is the calmer one, but does not see waiting.
 */
import Table from 'cli-table3'

import { mannWhitney } from './mann-whitney.ts'
import type { Phase } from './meter.ts'
import type { Outcome, Rounds } from './rounds.ts'
import { NO_RULES } from './report.ts'
import { spreadOf } from './spread.ts'
import { micros } from './summary.ts'

/** How the second engine of some rounds compares with the first. */
export interface Judgement {
  readonly workload: string
  readonly time: Comparison | undefined
  readonly cpu: Comparison | undefined
  readonly verdict: 'slower' | 'faster' | 'same' | 'failed'
}

interface Comparison {
  readonly before: number
  readonly after: number
  /** How likely chance alone makes such a difference. */
  readonly probability: number
}

const CHANCE = 0.01
const LEAST = 0.03

/** Judges outcomes of two engines; slower outweighs faster. */
export function judge({ workload, engines }: Rounds, outcomes: readonly Outcome[]): Judgement {
  const time = compare(engines, outcomes, ({ seconds, operations }) => (seconds * 1e6) / operations)
  const cpu = compare(engines, outcomes, ({ cpuSeconds, operations }) => (cpuSeconds * 1e6) / operations)
  const complete = outcomes.every(({ measurement }) => measurement !== undefined)
  if (!complete || time === undefined || cpu === undefined) return { workload, time, cpu, verdict: 'failed' }
  const moves = [time, cpu].filter(moved)
  const slower = moves.some(({ before, after }) => after > before)
  return { workload, time, cpu, verdict: slower ? 'slower' : moves.length > 0 ? 'faster' : 'same' }
}

function compare(
  [first, second]: readonly string[],
  outcomes: readonly Outcome[],
  of: (phase: Phase) => number,
): Comparison | undefined {
  const [a, b] = [first, second].map(engine =>
    outcomes.filter(outcome => outcome.engine === engine).flatMap(({ measurement }) => lastOf(measurement?.phases, of)),
  )
  if (a.length === 0 || b.length === 0) return undefined
  return { before: spreadOf(a).median, after: spreadOf(b).median, probability: mannWhitney(a, b) }
}

function lastOf(phases: readonly Phase[] | undefined, of: (phase: Phase) => number): number[] {
  const last = phases?.at(-1)
  return last === undefined ? [] : [of(last)]
}

function moved({ before, after, probability }: Comparison): boolean {
  return probability < CHANCE && Math.abs(after / before - 1) > LEAST
}

/** A row for each workload. */
export function judgementTable([before, after]: readonly [string, string], judgements: readonly Judgement[]): string {
  const head = ['µs/op', before, after, 'ratio', 'p', 'CPU µs/op', 'ratio', 'p', '']
  const table = new Table({ head, chars: NO_RULES, style: { head: [], border: [] } })
  for (const { workload, time, cpu, verdict } of judgements) {
    const times = time === undefined ? ['–', '–', '', ''] : [micros(time.before), micros(time.after), ...change(time)]
    const cpus = cpu === undefined ? ['–', '', ''] : [micros(cpu.after), ...change(cpu)]
    table.push([workload, ...times, ...cpus, verdict === 'same' ? '' : verdict])
  }
  return table.toString()
}

function change({ before, after, probability }: Comparison): string[] {
  return [`×${(after / before).toFixed(2)}`, probability.toFixed(3)]
}
