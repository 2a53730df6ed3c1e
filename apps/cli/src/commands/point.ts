/**
 * Commands about keys that are named one by one: get, mget, has, put, delete.
 */
import { displayBlock, formatBytes, parseBytes, type Form } from '../bytes-text.ts'
import { EXIT } from '../exit-codes.ts'
import { UsageError } from '../failure.ts'
import type { Output } from '../output.ts'
import type { Entry } from '../render.ts'
import type { ArgumentDefinition, CommandDefinition, Context } from './command.ts'
import { ENTRY_FORMS, formsOf, KEY_FORMS, keysOf, layoutOf, NDJSON, SYNC } from './options.ts'

const KEY: ArgumentDefinition = { name: 'key', description: 'the key', completes: 'key' }
const KEYS: ArgumentDefinition = { ...KEY, description: 'one or more keys', many: true }
const NOT_FOUND = '(not found)'

const get: CommandDefinition = {
  name: 'get',
  chapter: 'Reading',
  summary: 'show the value of a key',
  details: `On a terminal, a value that is not printable text is shown as 0x and hexadecimal digits.
Elsewhere the bytes are written as they are, and a line end after them; --raw leaves that out.
If the key is not there, "${NOT_FOUND}" goes to standard error and the exit code is ${EXIT.notFound}.`,
  arguments: [KEY],
  options: [{ flags: '--raw', description: 'the bytes of the value and nothing else' }, ...ENTRY_FORMS],
  async run({ open, output }, given) {
    const forms = formsOf(given)
    const [key] = keysOf(given.words, forms.key)
    const value = await (await open('read')).get(key)
    if (value === undefined) return missing(output)
    if (given.flag('raw')) await output.writeBytes(value)
    else await writeValue(value, forms.value, output)
    return EXIT.ok
  },
}

async function writeValue(value: Uint8Array, form: Form, output: Output): Promise<void> {
  if (form !== 'text') await output.write(`${formatBytes(value, form)}\n`)
  else if (output.terminal) await output.write(`${displayBlock(value, form)}\n`)
  else await output.writeLine(value)
}

function missing(output: Output): typeof EXIT.notFound {
  output.say(output.dim(NOT_FOUND))
  return EXIT.notFound
}

const mget: CommandDefinition = {
  name: 'mget',
  chapter: 'Reading',
  summary: 'show several keys with their values, all as of one moment',
  details: `Those that are there are shown as "scan" shows them, in the order given.
The exit code is ${EXIT.notFound} if any is not there.`,
  arguments: [KEYS],
  options: [NDJSON, ...ENTRY_FORMS],
  async run({ open, output }, given) {
    const forms = formsOf(given)
    const keys = keysOf(given.words, forms.key)
    const values = await (await open('read')).getMany(keys)
    const { writeEntries } = await import('../render.ts')
    const found: Entry[] = []
    for (const [i, value] of values.entries()) if (value !== undefined) found.push([keys[i], value])
    await writeEntries([found], { ...forms, shape: 'entries', layout: layoutOf(given, output) }, output)
    if (found.length === keys.length) return EXIT.ok
    output.say(output.dim(`${NOT_FOUND}: ${keys.length - found.length} of ${keys.length}`))
    return EXIT.notFound
  },
}

const has: CommandDefinition = {
  name: 'has',
  aliases: ['exists'],
  chapter: 'Reading',
  summary: 'say whether a key is there: true or false',
  details: `The exit code is ${EXIT.ok} if it is and ${EXIT.notFound} if it is not.`,
  arguments: [KEY],
  options: KEY_FORMS,
  async run({ open, output }, given) {
    const [key] = keysOf(given.words, formsOf(given).key)
    const found = await (await open('read')).has(key)
    await output.write(`${found}\n`)
    return found ? EXIT.ok : EXIT.notFound
  },
}

const put: CommandDefinition = {
  name: 'put',
  aliases: ['set'],
  chapter: 'Writing',
  summary: 'store a value under a key',
  details: `A value of "-" is read from standard input, byte for byte.
With --json the value must be JSON; it is stored without the white space around its parts.`,
  arguments: [KEY, { name: 'value', description: 'the value, or - for standard input' }],
  options: [{ flags: '--json', description: 'the value is JSON: check it, store it compact' }, ...ENTRY_FORMS, SYNC],
  silent: true,
  async run(context, given) {
    const forms = formsOf(given)
    const [keyWord, valueWord] = given.words
    const [key] = keysOf([keyWord], forms.key)
    const source = valueWord === '-' ? await readInput(context) : parseBytes(valueWord, 'text', 'the value')
    const value = valueBytes(source, given.flag('json') ? 'json' : forms.value)
    await (await context.open('create')).put(key, value, { sync: given.flag('sync') })
    return EXIT.ok
  },
}

async function readInput(context: Context): Promise<Uint8Array> {
  const input = context.input()
  if (input === undefined) throw new UsageError('a value of - is read from standard input, which is in use here')
  const chunks: Uint8Array[] = []
  for await (const chunk of input) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
  return Buffer.concat(chunks)
}

function valueBytes(source: Uint8Array, form: Form | 'json'): Uint8Array {
  if (form === 'text') return source
  const text = Buffer.from(source).toString()
  return form === 'json' ? Buffer.from(compactJson(text)) : parseBytes(text.trim(), form, 'the value')
}

/** JSON text without white space outside its strings; numbers and the order of fields stay as they were written. */
function compactJson(text: string): string {
  try {
    JSON.parse(text)
  } catch (error) {
    throw new UsageError(`the value is not JSON: ${(error as Error).message}`)
  }
  return text.replaceAll(/("(?:[^"\\]|\\.)*")|\s+/g, '$1')
}

const del: CommandDefinition = {
  name: 'delete',
  aliases: ['del', 'rm'],
  chapter: 'Writing',
  summary: 'delete keys, all at once; it is no error if they are not there',
  arguments: [KEYS],
  options: [...KEY_FORMS, SYNC],
  silent: true,
  async run({ open }, given) {
    const keys = keysOf(given.words, formsOf(given).key)
    const operations = keys.map(key => ({ type: 'del', key }) as const)
    await (await open('write')).batch(operations, { sync: given.flag('sync') })
    return EXIT.ok
  },
}

/** Commands about single keys. */
export const POINT_COMMANDS: readonly CommandDefinition[] = [get, mget, has, put, del]
