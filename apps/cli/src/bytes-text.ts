/**
 * Bytes as text and text as bytes. Keys and values are bytes; people type and read text.
 *
 * Three forms can be asked for by name and are read and written alike:
 *
 *     text     UTF-8
 *     hex      two digits per byte; `0x` in front is accepted
 *     base64   the standard alphabet, padded when written; the URL alphabet and no padding are accepted
 *
 * Where text is asked for and bytes are not text, two ways of writing exist:
 *
 *     display   for eyes: `0x…` for all of it, so that a terminal never gets control characters
 *     escape    for programs, one line each and without loss: what is not printable UTF-8 becomes `\xNN`, byte by byte
 */
import { UsageError } from './failure.ts'

/** How bytes are written as text. */
export type Form = 'text' | 'hex' | 'base64'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What may not reach a terminal: control characters but tab and line ends, separators and overrides of direction. */
const UNPRINTABLE = /[^\P{Cc}\t\n\r]|[\u2028\u2029\u202a-\u202e\u2066-\u2069]|\r(?!\n)/u

/** The text that bytes are in UTF-8, if they are. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

/** The bytes that were written in a form; `what` names them in the message when they were not. */
export function parseBytes(text: string, form: Form, what: string): Uint8Array {
  if (form === 'hex') return parseHex(text, what)
  if (form === 'base64') return parseBase64(text, what)
  if (/\p{Surrogate}/u.test(text)) throw new UsageError(`${what} holds half a character, which has no UTF-8 form`)
  return encoder.encode(text)
}

function parseHex(text: string, what: string): Uint8Array {
  const digits = text.replace(/^0x/i, '')
  if (/^(?:[0-9a-f]{2})*$/i.test(digits)) return new Uint8Array(Buffer.from(digits, 'hex'))
  throw new UsageError(`${what} must be hexadecimal, two digits for each byte`)
}

function parseBase64(text: string, what: string): Uint8Array {
  const digits = text
    .replace(/={1,2}$/, '')
    .replaceAll('-', '+')
    .replaceAll('_', '/')
  const bytes = Buffer.from(digits, 'base64')
  if (bytes.toString('base64').replace(/=+$/, '') === digits) return new Uint8Array(bytes)
  throw new UsageError(`${what} must be base64`)
}

/** Bytes in a form that can hold them all. */
export function formatBytes(bytes: Uint8Array, form: Exclude<Form, 'text'>): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(form)
}

/** Bytes for a reader at a terminal: as they are if they can be printed, line ends and all. */
export function displayBlock(bytes: Uint8Array, form: Form): string {
  if (form !== 'text') return formatBytes(bytes, form)
  const text = textOf(bytes)
  return text === undefined || UNPRINTABLE.test(text) ? `0x${formatBytes(bytes, 'hex')}` : text
}

/** Bytes for a reader at a terminal, on one line: line ends and tabs as `\n`, `\r` and `\t`. */
export function displayLine(bytes: Uint8Array, form: Form): string {
  const text = displayBlock(bytes, form)
  return text.replaceAll('\r', '\\r').replaceAll('\n', '\\n').replaceAll('\t', '\\t')
}

/** The beginning of {@link displayLine}, at least `columns` characters of it, without the cost of the whole. */
export function displayStart(bytes: Uint8Array, form: Form, columns: number): string {
  const most = 4 * columns
  if (bytes.length <= most) return displayLine(bytes, form)
  let end = most
  // A character must not be cut: step back to the first byte of one.
  while (end > most - 4 && (bytes[end] & 0xc0) === 0x80) end--
  return displayLine(bytes.subarray(0, end), form)
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\r', '\\r'],
])

const ESCAPED = /[\\\p{Cc}]/gu

/** Bytes on one line without tabs, and without loss. */
export function escapeBytes(bytes: Uint8Array): string {
  const text = textOf(bytes)
  if (text === undefined) return escapeBinary(bytes)
  return text.replace(ESCAPED, character => ESCAPES.get(character) ?? hexEscapes(encoder.encode(character)))
}

/** Escapes bytes of which some are no UTF-8: stretches that are stay text. */
function escapeBinary(bytes: Uint8Array): string {
  let escaped = ''
  let at = 0
  while (at < bytes.length) {
    const end = at + characterLength(bytes[at])
    const character = textOf(bytes.subarray(at, end))
    const whole = character !== undefined && end <= bytes.length
    escaped += whole ? escapeBytes(bytes.subarray(at, end)) : hexEscapes(bytes.subarray(at, at + 1))
    at = whole ? end : at + 1
  }
  return escaped
}

function characterLength(first: number): number {
  if (first < 0xc0) return 1
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
}

function hexEscapes(bytes: Uint8Array): string {
  let escaped = ''
  for (const byte of bytes) escaped += `\\x${byte.toString(16).padStart(2, '0')}`
  return escaped
}
