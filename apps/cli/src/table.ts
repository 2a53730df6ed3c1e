/**
 * Tables on a terminal. Loaded only where one is drawn.
 */
import Table from 'cli-table3'

import { displayStart } from './bytes-text.ts'
import type { Output } from './output.ts'
import type { Entry, EntryStyle } from './render.ts'

/** No lines, two blanks between columns. */
const PLAIN = {
  chars: {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '  ',
  },
  style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
} as const

/** How columns are laid out, where not as wide as their cells and to the left. */
export interface ColumnLayout {
  readonly colWidths?: number[]
  readonly colAligns?: Table.HorizontalAlignment[]
}

/** Rows of cells as text. */
export function plainTable(rows: readonly (readonly string[])[], layout: ColumnLayout = {}): string {
  const table = new Table({ chars: PLAIN.chars, style: { ...PLAIN.style, head: [], border: [] }, ...layout })
  for (const row of rows) table.push([...row])
  return `${withoutTrailingBlanks(table.toString())}\n`
}

/** Rows of two cells as text. */
export function twoColumns(rows: readonly (readonly [string, string])[], widths?: readonly number[]): string {
  return plainTable(rows, widths === undefined ? {} : { colWidths: [...widths] })
}

function withoutTrailingBlanks(text: string): string {
  return text.replaceAll(/ +$/gm, '')
}

/** Blanks between columns. */
const GAP = 2

/** Columns that a key may always have, and a value. */
const LEAST = 8

/** A table of entries that is drawn page by page: the first page decides how wide the columns are. */
export class EntryTable {
  readonly #style: EntryStyle
  readonly #output: Output
  #widths: readonly [key: number, value: number] | undefined

  constructor(style: EntryStyle, output: Output) {
    this.#style = style
    this.#output = output
  }

  /** The text of further rows, with a head before the first ones. */
  page(entries: readonly Entry[]): string {
    const { key, value } = this.#style
    const columns = this.#output.width
    const rows = entries.map((entry): [string, string] => [
      displayStart(entry[0], key, columns),
      displayStart(entry[1], value, columns),
    ])
    if (this.#widths !== undefined) return twoColumns(rows, this.#widths)
    this.#widths = columnWidths(rows, columns)
    return twoColumns([[this.#output.bold('key'), this.#output.bold('value')], ...rows], this.#widths)
  }
}

/** Keys get what they need, up to half of the width if values need the rest. */
function columnWidths(rows: readonly (readonly [string, string])[], columns: number): [number, number] {
  const longest = (column: 0 | 1): number =>
    rows.reduce((most, row) => Math.max(most, displayWidth(row[column])), LEAST)
  const room = Math.max(columns - GAP, 2 * LEAST)
  const value = Math.min(longest(1), Math.max(room - longest(0), Math.floor(room / 2)))
  const key = Math.min(longest(0), room - value)
  return [key, room - key]
}

/** At most this many columns: wide characters take two. */
function displayWidth(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : 2 * text.length
}
