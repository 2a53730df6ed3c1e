/**
 * How keys and values of a program become bytes, and bytes become values again.
 *
 * Inside, there are only bytes. An encoding has two halves: `prepare` turns what the user gave into text or bytes,
 * which {@link write} puts where they belong; `read` makes a value of bytes in place, copying them, so that nobody
 * outside ever holds a view into a cache.
 */

/** Makes a user's values bytes and back; give one as `keyEncoding` or `valueEncoding`. */
export interface Encoding<T> {
  /** What messages call it. */
  readonly name: string
  /** The bytes of a value. They are copied at once. */
  encode(value: T): Uint8Array
  /** The value of bytes, which are the callee's to keep. */
  decode(bytes: Uint8Array): T
}

/** The encodings that exist under a name, and the types that they give. */
export interface NamedEncodings {
  /** Text as UTF-8. Bytes are accepted as well when writing. */
  utf8: string
  /** Any JSON value. */
  json: unknown
  /** Bytes as `Uint8Array`. */
  view: Uint8Array
  /** Bytes as Node's `Buffer`. */
  buffer: Buffer
}

/** An encoding by name, or one of your own. */
export type EncodingOption<T = unknown> = keyof NamedEncodings | Encoding<T>

/** The type of the values that an encoding option gives. */
export type Decoded<E> = E extends keyof NamedEncodings ? NamedEncodings[E] : E extends Encoding<infer T> ? T : never

/** Encodings for one call. */
export interface EncodingOptions<K extends EncodingOption = EncodingOption, V extends EncodingOption = EncodingOption> {
  /** Encoding of keys; the database's own where it is missing. */
  readonly keyEncoding?: K
  /** Encoding of values; the database's own where it is missing. */
  readonly valueEncoding?: V
}

/** An encoding as the engine uses it. */
export interface Transcoder {
  readonly name: string
  /** Text or bytes to store for a value; throws `TypeError` for what cannot be stored. */
  prepare(value: unknown): string | Uint8Array
  /** A value made of a copy of `bytes[start, end)`. */
  read(bytes: Uint8Array, start: number, end: number): unknown
  /** A value that shows `bytes[start, end)`, which belong to the user already. Absent where values are no bytes. */
  show?(bytes: Uint8Array, start: number, end: number): unknown
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Node's own decoder of a range of bytes: no view has to be made of them first. */
const utf8Slice = (
  globalThis.Buffer?.prototype as { utf8Slice?: (this: Uint8Array, start: number, end: number) => string } | undefined
)?.utf8Slice

/** Characters up to which a loop beats the call of the native encoder. */
const SHORT_TEXT = 40

/** The most bytes that {@link write} may need for prepared text or bytes. */
export function mostBytes(prepared: string | Uint8Array): number {
  return typeof prepared === 'string' ? prepared.length * 3 : prepared.length
}

/** Writes prepared text or bytes at `at`; returns the offset after them. Room is the caller's business. */
export function write(prepared: string | Uint8Array, target: Uint8Array, at: number): number {
  if (typeof prepared !== 'string') {
    target.set(prepared, at)
    return at + prepared.length
  }
  const length = prepared.length
  if (length > SHORT_TEXT) return at + encoder.encodeInto(prepared, target.subarray(at)).written
  for (let i = 0; i < length; i++) {
    const code = prepared.charCodeAt(i)
    if (code > 127) return at + encoder.encodeInto(prepared, target.subarray(at)).written
    target[at + i] = code
  }
  return at + length
}

/** The transcoder behind an option; throws `TypeError` if it is none. */
export function transcoder(option: unknown, optionName: string): Transcoder {
  if (typeof option === 'string') {
    const named = NAMED.get(option)
    if (named !== undefined) return named
  } else if (isEncoding(option)) return new OwnEncoding(option)
  const names = [...NAMED.keys()].map(name => `'${name}'`).join(', ')
  throw new TypeError(`${optionName} must be ${names} or an object with name, encode and decode`)
}

function isEncoding(option: unknown): option is Encoding<unknown> {
  if (typeof option !== 'object' || option === null) return false
  const { name, encode, decode } = option as Partial<Encoding<unknown>>
  return typeof name === 'string' && typeof encode === 'function' && typeof decode === 'function'
}

function readUtf8(bytes: Uint8Array, start: number, end: number): string {
  return utf8Slice === undefined ? decoder.decode(bytes.slice(start, end)) : utf8Slice.call(bytes, start, end)
}

function unstorable(value: unknown, wanted: string): TypeError {
  const kind = value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value
  return new TypeError(`${wanted} expected, got ${kind}; choose another keyEncoding or valueEncoding to store it`)
}

const UTF8: Transcoder = {
  name: 'utf8',
  prepare(value) {
    if (typeof value === 'string' || value instanceof Uint8Array) return value
    throw unstorable(value, 'a string')
  },
  read: readUtf8,
}

const JSON_TEXT: Transcoder = {
  name: 'json',
  prepare(value) {
    const text = JSON.stringify(value) as string | undefined
    if (text === undefined) throw unstorable(value, 'a JSON value')
    return text
  },
  read: (bytes, start, end) => JSON.parse(readUtf8(bytes, start, end)) as unknown,
}

function prepareBytes(value: unknown): string | Uint8Array {
  if (value instanceof Uint8Array || typeof value === 'string') return value
  throw unstorable(value, 'a Uint8Array')
}

const VIEW: Transcoder = {
  name: 'view',
  prepare: prepareBytes,
  read: copyBytes,
  show: (bytes, start, end) => new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start),
}

const BUFFER: Transcoder = {
  name: 'buffer',
  prepare: prepareBytes,
  read(bytes, start, end) {
    const copy = Buffer.allocUnsafe(end - start)
    copy.set(bytes.subarray(start, end))
    return copy
  },
  show: (bytes, start, end) => Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start),
}

const NAMED: ReadonlyMap<string, Transcoder> = new Map(
  [UTF8, JSON_TEXT, VIEW, BUFFER].map(named => [named.name, named]),
)

/** An encoding that the user brought. */
class OwnEncoding implements Transcoder {
  readonly name: string
  readonly #encoding: Encoding<unknown>

  constructor(encoding: Encoding<unknown>) {
    this.name = encoding.name
    this.#encoding = encoding
  }

  prepare(value: unknown): Uint8Array {
    const bytes = this.#encoding.encode(value)
    if (!(bytes instanceof Uint8Array)) throw new TypeError(`encoding '${this.name}' must give a Uint8Array`)
    // A key and its value, or many keys, are encoded one after the other before any of them is used.
    return copyBytes(bytes, 0, bytes.length)
  }

  read(bytes: Uint8Array, start: number, end: number): unknown {
    return this.#encoding.decode(bytes.slice(start, end))
  }
}

const POOL_SIZE = 16 * 1024
const POOLED = 1024
let pool = new Uint8Array(POOL_SIZE)
let pooled = 0

/** Bytes up to which a loop copies faster than the native call, which needs a view of its source. */
const SHORT_COPY = 32

/** Copies bytes out; small copies share an array, since one of their own costs five times as much. */
export function copyBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start
  if (length > POOLED) return bytes.slice(start, end)
  if (pooled + length > POOL_SIZE) {
    pool = new Uint8Array(POOL_SIZE)
    pooled = 0
  }
  const at = pooled
  if (length > SHORT_COPY) pool.set(bytes.subarray(start, end), at)
  else for (let i = 0; i < length; i++) pool[at + i] = bytes[start + i]
  pooled += length
  return new Uint8Array(pool.buffer, at, length)
}
