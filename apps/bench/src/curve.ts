/**
 * What an operation costs as the database grows: a panel for each operation, a line for each engine, both scales logarithmic.
 *
 *     µs │      ╱ other          a flat line: the cost does not depend on the number of entries
 *        │   ╱───── lsm          a straight slope: it grows by a power of it
 *        └─────────
 *        10⁴  10⁵  10⁶  10⁷ entries
 */
import { colourOf, text } from './chart.ts'
import type { Machine } from './machine.ts'
import { micros, type Row } from './summary.ts'

/** Workloads of a curve: what a put, a get and an entry of a scan cost. */
export const CURVE: readonly string[] = ['overwrite', 'readrandom', 'readseq']

/** Numbers of entries of a curve, up to `most`: powers of ten from 10,000 on. */
export function curveSizes(most: number): number[] {
  const sizes: number[] = []
  for (let size = 10_000; size <= most; size *= 10) sizes.push(size)
  return sizes
}

const PANEL = { width: 290, height: 230 }
const TOP = 80
const LEFT = 50
const GAP = 48

/** An SVG document. */
export function curveChart(rows: readonly Row[], machine: Machine): string {
  const engines = rows[0]?.cells.map(({ engine }) => engine) ?? []
  const workloads = [...new Set(rows.map(({ workload }) => workload))]
  const width = LEFT + workloads.length * (PANEL.width + GAP)
  const height = TOP + PANEL.height + 50
  const panels = workloads.map((workload, i) => {
    const own = rows.filter(row => row.workload === workload)
    return panel(workload, own, engines, LEFT + i * (PANEL.width + GAP))
  })
  const legend = engines.map((engine, i) => {
    const x = LEFT + i * 150
    return `<rect x="${x}" y="42" width="10" height="10" rx="1.5" fill="${colourOf(engine, engines)}"/>${text(x + 15, 51, engine, '')}`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="11">
<style>text { fill: #24292f } .title { font-size: 15px; font-weight: 600 } .heading { font-weight: 600 } .faint { fill: #6e7781 }</style>
<rect width="${width}" height="${height}" fill="#ffffff"/>
${text(LEFT, 24, 'Microseconds for an operation, by the number of entries', 'class="title"')}
${text(width - GAP, 24, `Node ${machine.node} · ${machine.processors} · ${machine.date}`, 'class="faint" text-anchor="end"')}
${legend.join('\n')}
${panels.join('\n')}
</svg>
`
}

/** Where a number of entries and a time lie in a panel. */
interface Axes {
  readonly x: (keys: number) => number
  readonly y: (time: number) => number
  readonly decades: readonly number[]
}

function panel(workload: string, rows: readonly Row[], engines: readonly string[], left: number): string {
  const axes = axesOf(rows, left)
  const bottom = TOP + PANEL.height
  const grid = axes.decades.map(decade => {
    const y = axes.y(10 ** decade).toFixed(1)
    const line = `<line x1="${left}" x2="${left + PANEL.width}" y1="${y}" y2="${y}" stroke="#d8dee4"/>`
    return line + text(left - 6, Number(y) + 4, String(10 ** decade), 'text-anchor="end" class="faint"')
  })
  const sizes = rows.map(({ keys }) =>
    text(axes.x(keys), bottom + 16, short(keys), 'text-anchor="middle" class="faint"'),
  )
  const lines = engines.map(engine => line(rows, engine, colourOf(engine, engines), axes))
  return [text(left, TOP - 10, workload, 'class="heading"'), ...grid, ...sizes, ...lines].join('\n')
}

function line(rows: readonly Row[], engine: string, colour: string, { x, y }: Axes): string {
  const points = rows.flatMap(({ keys, cells }) => {
    const time = cells.find(cell => cell.engine === engine)?.spread?.median
    return time === undefined ? [] : [{ x: x(keys), y: y(time), time }]
  })
  const path = points.map(point => `${point.x.toFixed(1)},${point.y.toFixed(1)}`).join(' ')
  const dots = points.map(
    point =>
      `<circle cx="${point.x.toFixed(1)}" cy="${point.y.toFixed(1)}" r="3" fill="${colour}"/>${text(point.x, point.y - 7, micros(point.time), 'text-anchor="middle" font-size="10"')}`,
  )
  return [`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`, ...dots].join('\n')
}

function axesOf(rows: readonly Row[], left: number): Axes {
  const sizes = rows.map(({ keys }) => Math.log10(keys))
  const times = rows.flatMap(({ cells }) => cells.flatMap(({ spread }) => (spread ? Math.log10(spread.median) : [])))
  const [first, last] = [Math.min(...sizes), Math.max(...sizes)]
  const lowest = Math.floor(Math.min(0, ...times))
  const highest = Math.max(lowest + 1, Math.ceil(Math.max(0, ...times)))
  const margin = 20
  const across = (PANEL.width - 2 * margin) / Math.max(1, last - first)
  return {
    x: keys => left + margin + (Math.log10(keys) - first) * across,
    y: time => TOP + PANEL.height - ((Math.log10(time) - lowest) / (highest - lowest)) * PANEL.height,
    decades: Array.from({ length: highest - lowest + 1 }, (_, i) => lowest + i),
  }
}

function short(keys: number): string {
  return keys >= 1e6 ? `${keys / 1e6} M` : `${keys / 1000} k`
}
