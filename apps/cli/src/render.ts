/**
 * Entries on standard output, in one of three layouts.
 *
 *     table     for eyes: columns, cut to the width of the terminal; a single column is not cut
 *     lines     key, tab, value; escaped, so that each entry is one line and nothing is lost
 *     ndjson    one JSON object a line, which `batch` reads
 */
import { displayLine, escapeBytes, formatBytes, type Form } from './bytes-text.ts'
import type { Output } from './output.ts'

/** A key and its value; the part that is not shown is empty. */
export type Entry = readonly [key: Uint8Array, value: Uint8Array]

/** Which parts of entries are shown. */
export type Shape = 'entries' | 'keys' | 'values'

/** How entries are laid out. */
export type Layout = 'table' | 'lines' | 'ndjson'

/** How entries are shown. */
export interface EntryStyle {
  readonly shape: Shape
  readonly layout: Layout
  readonly key: Form
  readonly value: Form
}

/** Shows entries as they come; resolves to how many there were. */
export async function writeEntries(
  batches: AsyncIterable<readonly Entry[]> | Iterable<readonly Entry[]>,
  style: EntryStyle,
  output: Output,
): Promise<number> {
  const page = await pageWriter(style, output)
  let count = 0
  for await (const entries of batches) {
    if (entries.length > 0) await output.write(page(entries))
    // A person should see the first entries while the others are on their way; a pipe takes larger pieces.
    if (output.terminal) await output.flush()
    count += entries.length
  }
  return count
}

/** A function from some entries to the text that shows them. */
async function pageWriter(style: EntryStyle, output: Output): Promise<(entries: readonly Entry[]) => string> {
  if (style.layout === 'table' && style.shape === 'entries') {
    const { EntryTable } = await import('./table.ts')
    const table = new EntryTable(style, output)
    return entries => table.page(entries)
  }
  const line = style.layout === 'ndjson' ? await ndjsonLine(style) : textLine(style)
  return entries => {
    let text = ''
    for (const entry of entries) text += `${line(entry)}\n`
    return text
  }
}

async function ndjsonLine({ shape, key, value }: EntryStyle): Promise<(entry: Entry) => string> {
  const { jsonField } = await import('./ndjson.ts')
  if (shape === 'keys') return entry => `{${jsonField('key', entry[0], key)}}`
  if (shape === 'values') return entry => `{${jsonField('value', entry[1], value)}}`
  return entry => `{${jsonField('key', entry[0], key)},${jsonField('value', entry[1], value)}}`
}

function textLine({ shape, layout, key, value }: EntryStyle): (entry: Entry) => string {
  const part = (bytes: Uint8Array, form: Form): string => {
    if (layout === 'table') return displayLine(bytes, form)
    return form === 'text' ? escapeBytes(bytes) : formatBytes(bytes, form)
  }
  if (shape === 'keys') return entry => part(entry[0], key)
  if (shape === 'values') return entry => part(entry[1], value)
  return entry => `${part(entry[0], key)}\t${part(entry[1], value)}`
}
