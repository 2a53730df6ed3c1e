/**
 * Results as Markdown: a table of times for each durability, and one of what they cost. Every row that was measured is in
 * it, the lost ones too.
 */
import type { Machine } from './machine.ts'
import { metricsOf } from './metrics.ts'
import { spreadOf } from './spread.ts'
import { byDurability, DURABILITY, micros, summarize, type Cell, type Result, type Row } from './summary.ts'
import { targetOf } from './targets.ts'

/** A document of its own. */
export function markdown(results: readonly Result[], machine: Machine, withTargets: boolean): string {
  const rows = summarize(results)
  const sections = byDurability(rows).map(
    ([durability, some]) => `## ${capital(DURABILITY[durability])}\n\n${timeTable(some, withTargets)}`,
  )
  return `# Results

Microseconds for an operation, medians with the least and the greatest, and how many times the first engine's time; less is
better. Keys of 16 bytes, values of 100. Each measurement in a process of its own, engines in turn.

${Object.entries(machine)
  .map(([name, value]) => `- ${name}: ${value}`)
  .join('\n')}

${sections.join('\n\n')}

## What it costs

${costTable(results)}
`
}

function timeTable(rows: readonly Row[], withTargets: boolean): string {
  const engines = rows[0].cells.map(({ engine }) => engine)
  const head = ['workload', 'entries', ...engines, ...(withTargets ? ['target'] : [])]
  const body = rows.map(({ workload, keys, cells }) => {
    const target = withTargets ? [String(targetOf(workload, keys) ?? '')] : []
    return [workload, keys.toLocaleString('en'), ...cells.map(cell => timeOf(cell, cells[0])), ...target]
  })
  return table(head, body)
}

function timeOf({ spread, lack }: Cell, first: Cell): string {
  if (spread === undefined) return lack ?? '–'
  const { median, min, max } = spread
  const range = min === max ? '' : ` (${micros(min)}–${micros(max)})`
  const base = first.spread
  const ratio = base === undefined || base === spread ? '' : `, ×${(median / base.median).toFixed(2)}`
  return `${micros(median)}${range}${ratio}${lack === undefined ? '' : `, ${lack}`}`
}

const COSTS = [
  'CPU µs/op',
  'loop delay max, ms',
  'write amplification (disk)',
  'space amplification',
  'peak memory, MB',
]

function costTable(results: readonly Result[]): string {
  const body = results.flatMap(({ rounds, outcomes }) =>
    rounds.engines.map(engine => {
      const measured = outcomes.flatMap(outcome => (outcome.engine === engine ? (outcome.measurement ?? []) : []))
      const numbers = COSTS.map(cost => {
        const found = measured.flatMap(measurement => {
          const metric = metricsOf(measurement).findLast(({ name }) => name === cost || name.endsWith(`: ${cost}`))
          return metric?.of(measurement) ?? []
        })
        return found.length === 0 ? '' : micros(spreadOf(found).median)
      })
      return [rounds.workload, engine, ...numbers]
    }),
  )
  return table(['workload', 'engine', ...COSTS], body)
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '--:'))), ...body.map(line)].join('\n')
}

function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1)
}
