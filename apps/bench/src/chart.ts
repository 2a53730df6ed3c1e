/**
 * Results as a drawing: a group of bars for each workload, a bar for each engine, on a logarithmic scale of time.
 *
 *     fillseq   ████████████ 6.18 µs
 *               █████ 1.60 µs  ×0.26
 *               └────┴────┴────┴──── 1 µs, 10 µs, 100 µs …
 */
import type { Machine } from './machine.ts'
import { byDurability, DURABILITY, micros, type Cell, type Row } from './summary.ts'

const WIDTH = 900
const LEFT = 170
const RIGHT = 130
const BAR = 12
const GAP = 10
const HEAD = 76
const HEADING = 26
const COLOURS = ['#7d8a99', '#c08a3e', '#5b8c5a', '#9a6fb0', '#b5656b', '#4f8a8b', '#8a7f5c']
const OURS = '#1f6feb'

/** An SVG document. */
export function barChart(rows: readonly Row[], machine: Machine): string {
  const engines = rows[0]?.cells.map(({ engine }) => engine) ?? []
  const scale = scaleOf(rows)
  const parts: string[] = []
  let y = HEAD
  for (const [durability, some] of byDurability(rows)) {
    parts.push(text(LEFT, y + 12, DURABILITY[durability], 'class="heading"'))
    y += HEADING
    for (const row of some) {
      parts.push(group(row, engines, y, scale))
      y += row.cells.length * BAR + GAP
    }
  }
  const height = y + 24
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="11">
<style>text { fill: #24292f } .heading { font-weight: 600 } .title { font-size: 15px; font-weight: 600 } .faint { fill: #6e7781 }</style>
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
${text(20, 24, 'Microseconds for an operation: shorter is faster, each line to the right is ten times slower', 'class="title"')}
${text(20, 42, `${entries(rows)} entries of 116 bytes · Node ${machine.node} · ${machine.processors} · ${machine.date}`, 'class="faint"')}
${legend(engines)}
${grid(scale, HEAD + HEADING - 6, y)}
${parts.join('\n')}
</svg>
`
}

/** Decades that the bars reach over. */
interface Scale {
  readonly first: number
  readonly last: number
}

function scaleOf(rows: readonly Row[]): Scale {
  const times = rows.flatMap(({ cells }) => cells.flatMap(({ spread }) => spread?.median ?? []))
  const logs = times.length === 0 ? [0] : times.map(time => Math.log10(time))
  const first = Math.floor(Math.min(...logs) - 0.3)
  return { first, last: Math.max(first + 1, Math.ceil(Math.max(...logs))) }
}

function xOf(time: number, { first, last }: Scale): number {
  return LEFT + ((Math.log10(time) - first) / (last - first)) * (WIDTH - LEFT - RIGHT)
}

function group({ workload, cells }: Row, engines: readonly string[], y: number, scale: Scale): string {
  const middle = y + (cells.length * BAR) / 2 + 4
  const bars = cells.map((cell, i) =>
    bar(cell, cells[0], y + i * BAR, { scale, colour: colourOf(cell.engine, engines) }),
  )
  return [text(LEFT - 8, middle, workload, 'text-anchor="end"'), ...bars].join('\n')
}

function bar(
  { spread, lack }: Cell,
  first: Cell,
  y: number,
  { scale, colour }: { scale: Scale; colour: string },
): string {
  if (spread === undefined) return text(LEFT + 4, y + BAR - 2, lack ?? 'not measured', 'class="faint"')
  const end = xOf(spread.median, scale)
  const base = first.spread
  const ratio = base === undefined || base === spread ? '' : `  ×${(spread.median / base.median).toFixed(2)}`
  return `<rect x="${LEFT}" y="${y}" width="${(end - LEFT).toFixed(1)}" height="${BAR - 2}" rx="1.5" fill="${colour}"/>
${text(end + 5, y + BAR - 3, `${duration(spread.median)}${ratio}`, '')}`
}

function grid(scale: Scale, top: number, bottom: number): string {
  const lines: string[] = []
  for (let decade = scale.first; decade <= scale.last; decade++) {
    const x = xOf(10 ** decade, scale).toFixed(1)
    lines.push(`<line x1="${x}" x2="${x}" y1="${top}" y2="${bottom}" stroke="#d8dee4"/>`)
    lines.push(text(Number(x), bottom + 14, duration(10 ** decade, 0), 'text-anchor="middle" class="faint"'))
  }
  return lines.join('\n')
}

function legend(engines: readonly string[]): string {
  let x = 20
  const items = engines.map(engine => {
    const item = `<rect x="${x}" y="52" width="10" height="10" rx="1.5" fill="${colourOf(engine, engines)}"/>${text(x + 15, 61, engine, '')}`
    x += 34 + engine.length * 6.5
    return item
  })
  return items.join('\n')
}

/** Ours is always the same one. */
export function colourOf(engine: string, engines: readonly string[]): string {
  return engine === 'lsm' ? OURS : COLOURS[engines.indexOf(engine) % COLOURS.length]
}

function duration(time: number, digits?: number): string {
  if (time < 1000) return `${digits === undefined || time < 1 ? micros(time) : time.toFixed(digits)} µs`
  return time < 1e6 ? `${micros(time / 1000).replace(/\.0+$/, '')} ms` : `${micros(time / 1e6).replace(/\.0+$/, '')} s`
}

function entries(rows: readonly Row[]): string {
  return [...new Set(rows.map(({ keys }) => keys.toLocaleString('en')))].join(' and ')
}

/** An element of text; markup in it is taken as text. */
export function text(x: number, y: number, content: string, attributes: string): string {
  const escaped = content.replace(/[&<>]/g, char => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[char] as string)
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped}</text>`
}
