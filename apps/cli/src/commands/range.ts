/**
 * Commands about ranges of keys: scan, keys, values, count.
 */
import { setImmediate } from 'node:timers/promises'

import type { DatabaseIterator, IteratorOptions } from '@lsm/db'

import { parseBytes, type Form } from '../bytes-text.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { UsageError } from '../failure.ts'
import { writeEntries, type Entry, type Shape } from '../render.ts'
import type { ByteDatabase, CommandDefinition, Context, Given, OptionDefinition } from './command.ts'
import { countOption, ENTRY_FORMS, formsOf, KEY_FORMS, layoutOf, NDJSON } from './options.ts'

/** Entries that are taken from the database, and shown, at a time. */
const BATCH = 500

type Range = IteratorOptions<Uint8Array>
/** Which keys are meant; a missing bound is open. */
export type Bounds = Partial<Record<'gt' | 'gte' | 'lt' | 'lte', Uint8Array>>

/** Options that say which keys are meant. */
export const BOUNDS: readonly OptionDefinition[] = [
  { flags: '--gte <key>', description: 'keys at or after this one' },
  { flags: '--gt <key>', description: 'keys after this one' },
  { flags: '--lt <key>', description: 'keys before this one' },
  { flags: '--lte <key>', description: 'keys at or before this one' },
  { flags: '--prefix <key>', description: 'keys that begin like this' },
]

const LIMIT: OptionDefinition = { flags: '--limit <count>', description: 'no more than so many' }

const RANGE: readonly OptionDefinition[] = [
  ...BOUNDS,
  LIMIT,
  { flags: '--reverse', description: 'from the last to the first' },
]

const scan: CommandDefinition = {
  name: 'scan',
  aliases: ['ls'],
  chapter: 'Reading',
  summary: 'show a range of keys with their values, in order; everything, if no range is given',
  details: `On a terminal: a table, cut to its width. Elsewhere: lines of key, tab, value, in which a backslash is \\\\, tabs and
line ends are \\t, \\n and \\r, and bytes that are not printable text are \\xNN.
With --ndjson: one {"key":...,"value":...} a line; what is not text is in "key_base64" and "value_base64".`,
  arguments: [],
  options: [
    ...RANGE,
    { flags: '--keys', description: 'keys alone' },
    { flags: '--values', description: 'values alone' },
    NDJSON,
    ...ENTRY_FORMS,
  ],
  run(context, given) {
    if (given.flag('keys') && given.flag('values')) throw new UsageError('--keys and --values exclude each other')
    return showRange(context, given, given.flag('keys') ? 'keys' : given.flag('values') ? 'values' : 'entries')
  },
}

const keys: CommandDefinition = {
  name: 'keys',
  chapter: 'Reading',
  summary: 'show the keys of a range: scan --keys',
  arguments: [],
  options: [...RANGE, NDJSON, ...KEY_FORMS],
  run: (context, given) => showRange(context, given, 'keys'),
}

const values: CommandDefinition = {
  name: 'values',
  chapter: 'Reading',
  summary: 'show the values of a range: scan --values',
  arguments: [],
  options: [...RANGE, NDJSON, ...ENTRY_FORMS],
  run: (context, given) => showRange(context, given, 'values'),
}

const count: CommandDefinition = {
  name: 'count',
  chapter: 'Reading',
  summary: 'count the keys of a range, by walking over them',
  arguments: [],
  options: [...BOUNDS, LIMIT, ...KEY_FORMS],
  async run({ open, output, signal }, given) {
    const range = rangeOf(given, formsOf(given).key)
    const database = await open('read')
    let total = 0
    for await (const some of batches(database.keys({ ...range, signal }))) total += some.length
    await output.write(`${total}\n`)
    return EXIT.ok
  },
}

async function showRange({ open, output, signal }: Context, given: Given, shape: Shape): Promise<ExitCode> {
  const forms = formsOf(given)
  const range = rangeOf(given, forms.key)
  const style = { ...forms, shape, layout: layoutOf(given, output) }
  const database = await open('read')
  const shown = await writeEntries(entryBatches(database, { ...range, signal }, shape), style, output)
  if (output.terminal) output.say(output.dim(`(${shown} ${shown === 1 ? NOUNS[shape][0] : NOUNS[shape][1]})`))
  return EXIT.ok
}

const NOUNS: Readonly<Record<Shape, readonly [one: string, many: string]>> = {
  entries: ['entry', 'entries'],
  keys: ['key', 'keys'],
  values: ['value', 'values'],
}

const NOTHING = new Uint8Array(0)

async function* entryBatches(database: ByteDatabase, range: Range, shape: Shape): AsyncGenerator<readonly Entry[]> {
  if (shape === 'entries') yield* batches(database.iterator(range))
  else if (shape === 'keys') {
    for await (const keys of batches(database.keys(range))) yield keys.map((key): Entry => [key, NOTHING])
  } else {
    for await (const values of batches(database.values(range))) yield values.map((value): Entry => [NOTHING, value])
  }
}

/** What an iterator gives, in batches. Between two of them events have their turn, Ctrl-C among them. */
async function* batches<T>(iterator: DatabaseIterator<T, Uint8Array>): AsyncGenerator<T[]> {
  try {
    for (let some = await iterator.nextv(BATCH); some.length > 0; some = await iterator.nextv(BATCH)) {
      yield some
      await setImmediate()
    }
  } finally {
    await iterator.close()
  }
}

function rangeOf(given: Given, form: Form): Range {
  return { ...boundsOf(given, form), reverse: given.flag('reverse'), limit: countOption(given, 'limit', 0) ?? -1 }
}

/** What {@link BOUNDS} say. */
export function boundsOf(given: Given, form: Form): Bounds {
  const bounds: Bounds = {}
  for (const name of ['gt', 'gte', 'lt', 'lte'] as const) {
    const text = given.text(name)
    if (text !== undefined) bounds[name] = parseBytes(text, form, `--${name}`)
  }
  const prefix = given.text('prefix')
  if (prefix !== undefined) narrow(bounds, parseBytes(prefix, form, '--prefix'))
  return bounds
}

/** Puts the bounds of a prefix in place of those that lie further out. */
function narrow(bounds: Bounds, prefix: Uint8Array): void {
  const lower = bounds.gt ?? bounds.gte
  if (lower === undefined || Buffer.compare(lower, prefix) < 0) {
    delete bounds.gt
    bounds.gte = prefix
  }
  const after = afterPrefix(prefix)
  const upper = bounds.lt ?? bounds.lte
  if (after !== undefined && (upper === undefined || Buffer.compare(upper, after) >= 0)) {
    delete bounds.lte
    bounds.lt = after
  }
}

/** The first key after all that begin with a prefix, if there is one. */
export function afterPrefix(prefix: Uint8Array): Uint8Array | undefined {
  let length = prefix.length
  while (length > 0 && prefix[length - 1] === 0xff) length--
  if (length === 0) return undefined
  const after = new Uint8Array(prefix.subarray(0, length))
  after[length - 1]++
  return after
}

/** Commands about ranges. */
export const RANGE_COMMANDS: readonly CommandDefinition[] = [scan, keys, values, count]
