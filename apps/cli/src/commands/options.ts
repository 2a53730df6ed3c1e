/**
 * Options that several commands have: how bytes are written, how entries are laid out, how safe a write is.
 */
import { parseBytes, type Form } from '../bytes-text.ts'
import { UsageError } from '../failure.ts'
import type { Output } from '../output.ts'
import type { Layout } from '../render.ts'
import type { Given, OptionDefinition } from './command.ts'

/** Options of commands that take or show keys. */
export const KEY_FORMS: readonly OptionDefinition[] = [
  { flags: '--hex', description: 'keys and values are hexadecimal, those given and those shown' },
  { flags: '--base64', description: 'keys and values are base64, those given and those shown' },
  { flags: '--key-hex', description: 'keys are hexadecimal' },
]

/** Options of commands that take or show keys and values. */
export const ENTRY_FORMS: readonly OptionDefinition[] = [
  ...KEY_FORMS,
  { flags: '--value-hex', description: 'values are hexadecimal' },
]

/** Waits for the disk. */
export const SYNC: OptionDefinition = {
  flags: '--sync',
  description: 'return when the write would survive a loss of power, not only the end of the process',
}

/** One JSON object a line. */
export const NDJSON: OptionDefinition = {
  flags: '--ndjson',
  description: 'one JSON object a line, in the form that "batch" reads',
}

/** The layout that was asked for, or the one that fits where the output goes. */
export function layoutOf(given: Given, output: Output): Layout {
  if (given.flag('ndjson')) return 'ndjson'
  return output.terminal ? 'table' : 'lines'
}

/** How keys and values are written. */
export interface Forms {
  readonly key: Form
  readonly value: Form
}

/** What those options say. */
export function formsOf(given: Given): Forms {
  if (given.flag('hex') && given.flag('base64')) throw new UsageError('--hex and --base64 exclude each other')
  const both = given.flag('hex') ? 'hex' : given.flag('base64') ? 'base64' : 'text'
  return { key: given.flag('keyHex') ? 'hex' : both, value: given.flag('valueHex') ? 'hex' : both }
}

/** A whole number of an option, at least `least`. */
export function countOption(given: Given, name: string, least: number): number | undefined {
  const text = given.text(name)
  if (text === undefined) return undefined
  const count = /^\d{1,15}$/.test(text) ? Number(text) : -1
  if (count >= least) return count
  throw new UsageError(`--${name} must be a whole number of at least ${least}`)
}

/** Keys that were given as words. */
export function keysOf(words: readonly string[], form: Form): Uint8Array[] {
  return words.map(word => parseBytes(word, form, 'the key'))
}
