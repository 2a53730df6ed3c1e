/**
 * Options that several commands have, and how the values of options are read.
 */
import { formatSize, parseSize } from '../byte-size.ts'
import { parseBytes, type Form } from '../bytes-text.ts'
import { UsageError } from '../failure.ts'
import type { Output } from '../output.ts'
import type { Layout } from '../render.ts'
import type { Given, OptionDefinition } from './command.ts'

/** No limit to a whole number but that it can be counted. */
const MOST = Number.MAX_SAFE_INTEGER

/** Ways to compact. */
export const STRATEGY_NAMES = ['leveled', 'tiered', 'fifo'] as const

/** One of them. */
export type StrategyName = (typeof STRATEGY_NAMES)[number]

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

/** One JSON document. */
export const JSON_DOCUMENT: OptionDefinition = { flags: '--json', description: 'as a JSON document' }

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

/** A whole number of an option, from `least` to `most`. */
export function countOption(given: Given, name: string, least: number, most: number = MOST): number | undefined {
  const text = given.text(name)
  if (text === undefined) return undefined
  const count = /^\d{1,15}$/.test(text) ? Number(text) : -1
  if (count >= least && count <= most) return count
  const range = most === MOST ? `of at least ${least}` : `from ${least} to ${most}`
  throw new UsageError(`${flagOf(name)} must be a whole number ${range}`)
}

/** A number of an option, from 0 to `most`. */
export function numberOption(given: Given, name: string, most: number): number | undefined {
  const text = given.text(name)
  if (text === undefined) return undefined
  const number = /^(?:\d+(?:\.\d*)?|\.\d+)$/.test(text) ? Number(text) : -1
  if (number >= 0 && number <= most) return number
  throw new UsageError(`${flagOf(name)} must be a number from 0 to ${most}`)
}

/** Bytes that an option says, at least `least`. */
export function sizeOption(given: Given, name: string, least: number): number | undefined {
  const text = given.text(name)
  if (text === undefined) return undefined
  const bytes = parseSize(text, flagOf(name))
  if (bytes >= least) return bytes
  throw new UsageError(`${flagOf(name)} must be at least ${formatSize(least)}`)
}

/** The one of several words that an option says. */
export function choiceOption<T extends string>(given: Given, name: string, choices: readonly T[]): T | undefined {
  const text = given.text(name)
  if (text === undefined || choices.includes(text as T)) return text as T | undefined
  throw new UsageError(`${flagOf(name)} must be ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`)
}

/** An option as it is typed, from its name in camelCase. */
export function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
}

/** Keys that were given as words. */
export function keysOf(words: readonly string[], form: Form): Uint8Array[] {
  return words.map(word => parseBytes(word, form, 'the key'))
}
