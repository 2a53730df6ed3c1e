/**
 * Entries and operations as lines of JSON: what `scan --ndjson` writes and `batch` reads.
 *
 *     {"key":"a","value":"1"}                    an entry; to `batch`, a put
 *     {"type":"put","key":"a","value":"1"}       the same
 *     {"type":"del","key":"a"}                   a deletion
 *
 * A key or value that is not UTF-8 text is in a field of another name: `key_base64`, `value_base64`; `key_hex` and
 * `value_hex` are read too, and written where `--hex` asks for them. So every entry has a line, without loss.
 */
import { formatBytes, parseBytes, textOf, type Form } from './bytes-text.ts'
import { UsageError } from './failure.ts'

/** A change of one key, as the engine takes it. */
export type Operation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array }

/** A part of an entry with its name, such as `"key":"a"`. */
export function jsonField(name: 'key' | 'value', bytes: Uint8Array, form: Form): string {
  const text = form === 'text' ? textOf(bytes) : undefined
  if (text !== undefined) return `"${name}":${JSON.stringify(text)}`
  const binary = form === 'text' ? 'base64' : form
  return `"${name}_${binary}":"${formatBytes(bytes, binary)}"`
}

/** The operation that a line says; throws {@link UsageError} if it says none. */
export function parseOperation(line: string): Operation {
  const fields = parseObject(line)
  for (const name of Object.keys(fields)) {
    if (!FIELDS.has(name)) throw new UsageError(`"${name}" is not a field; fields are ${[...FIELDS].join(', ')}`)
  }
  const type = fields['type'] ?? 'put'
  const key = part(fields, 'key')
  const value = part(fields, 'value')
  if (key === undefined) throw new UsageError('"key" is missing')
  if (type === 'del') {
    if (value !== undefined) throw new UsageError('a "del" has no "value"')
    return { type, key }
  }
  if (type !== 'put') throw new UsageError('"type" must be "put" or "del"')
  if (value === undefined) throw new UsageError('"value" is missing; to delete the key, say "type":"del"')
  return { type, key, value }
}

const FIELDS: ReadonlySet<string> = new Set([
  'type',
  'key',
  'key_base64',
  'key_hex',
  'value',
  'value_base64',
  'value_hex',
])

const FORMS: ReadonlyMap<string, Form> = new Map([
  ['', 'text'],
  ['_base64', 'base64'],
  ['_hex', 'hex'],
])

function parseObject(line: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    throw new UsageError(`this is not JSON: ${(error as Error).message}`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new UsageError('each line must be a JSON object such as {"key":"a","value":"1"}')
}

function part(fields: Readonly<Record<string, unknown>>, name: 'key' | 'value'): Uint8Array | undefined {
  let bytes: Uint8Array | undefined
  for (const [suffix, form] of FORMS) {
    const given = fields[name + suffix]
    if (given === undefined) continue
    if (bytes !== undefined) throw new UsageError(`"${name}" is given twice`)
    if (typeof given !== 'string') throw new UsageError(`"${name}${suffix}" must be a string`)
    bytes = parseBytes(given, form, `"${name}${suffix}"`)
  }
  return bytes
}
