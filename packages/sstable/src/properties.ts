/**
 * What a table says of itself, so that its worth and origin are known without reading it.
 *
 *     contents = (slice name | slice value)*       names ascending, bytewise
 *     value    = varint64                          for a number
 *              | UTF-8                             for a text
 *
 * The names are those of {@link TableProperties}. The block is found under its own name in the metaindex, which
 * LevelDB skips.
 *
 * 1. Every name that we know must be there; names that we do not know are a later version's, and are skipped.
 * 2. Numbers fill their slice to the last byte; names come once.
 *
 * Does not know what the numbers are used for, or whether they are true.
 */
import { ByteBuffer, ByteReader, compareBytes, EMPTY, putVarint, varintLength } from '@lsm/base'

/** The key of the properties block in a table's metaindex. */
export const PROPERTIES_NAME = 'lsm.properties'

/** Facts about one table. */
export interface TableProperties {
  /** Name of the codec that its blocks were offered to; the empty text where they are all stored as they are. */
  readonly codec: string
  /** When the table was finished, in milliseconds since 1970. */
  readonly createdAt: number
  /** The program that wrote it, with its version. */
  readonly creator: string
  /** Stored bytes of all data blocks, their trailers included. */
  readonly dataSize: number
  /** How many of the entries are deletions. */
  readonly deletions: number
  /** Entries: every version of every key, deletions included. */
  readonly entries: number
  /** Stored bytes of the filter blocks, their trailers included. */
  readonly filterSize: number
  /** Bytes of the index block's contents before compression. */
  readonly indexSize: number
  /** The greatest sequence number of an entry. */
  readonly largestSequence: number
  /** Bytes of all internal keys, before prefixes were shared. */
  readonly rawKeySize: number
  /** Bytes of all values, before compression. */
  readonly rawValueSize: number
  /** The least sequence number of an entry. */
  readonly smallestSequence: number
}

type Kind = 'number' | 'text'

/** What each value is, by name, in the order they are stored. */
const KINDS: ReadonlyMap<string, Kind> = new Map(
  Object.entries({
    codec: 'text',
    createdAt: 'number',
    creator: 'text',
    dataSize: 'number',
    deletions: 'number',
    entries: 'number',
    filterSize: 'number',
    indexSize: 'number',
    largestSequence: 'number',
    rawKeySize: 'number',
    rawValueSize: 'number',
    smallestSequence: 'number',
  } satisfies Record<keyof TableProperties, Kind>),
)

const ENCODER = new TextEncoder()
const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The contents of a properties block. Numbers must be whole and from 0 to 2^53 - 1. */
export function encodeProperties(properties: TableProperties): Uint8Array {
  const target = new ByteBuffer(256)
  for (const name of KINDS.keys()) {
    const value = properties[name as keyof TableProperties]
    appendSlice(target, ENCODER.encode(name))
    appendSlice(target, typeof value === 'string' ? ENCODER.encode(value) : varint(value))
  }
  return target.bytes.slice(0, target.length)
}

/**
 * Reads the contents of a properties block, which are untrusted; the result keeps nothing of `bytes`.
 *
 * @param offset - file offset of `bytes[0]`, for error messages.
 * @throws `LsmError` `LSM_CORRUPTION` for anything that {@link encodeProperties}, of this version or a later one, does not make.
 */
export function decodeProperties(bytes: Uint8Array, file: string, offset: number): TableProperties {
  const reader = new ByteReader(bytes, 0, bytes.length, file, offset)
  const found = new Map<string, number | string>()
  let previous: Uint8Array = EMPTY
  while (reader.remaining > 0) {
    const name = reader.slice()
    // The empty name is nobody's, so that the first name comes after it like any other.
    if (compareBytes(previous, 0, previous.length, name, 0, name.length) >= 0)
      throw reader.error('property out of order')
    const key = text(name, reader)
    const value = reader.slice()
    const kind = KINDS.get(key)
    if (kind === 'text') found.set(key, text(value, reader))
    if (kind === 'number') found.set(key, number(bytes, reader.at - value.length, reader.at, file, offset))
    previous = name
  }
  for (const name of KINDS.keys()) if (!found.has(name)) throw reader.error(`property ${name} is missing`)
  return Object.fromEntries(found) as unknown as TableProperties
}

function varint(value: number): Uint8Array {
  const bytes = new Uint8Array(varintLength(value))
  putVarint(bytes, 0, value)
  return bytes
}

function appendSlice(target: ByteBuffer, slice: Uint8Array): void {
  const length = varint(slice.length)
  target.append(length, 0, length.length)
  target.append(slice, 0, slice.length)
}

/** The number that `bytes[start, end)` is, and nothing else; `offset` is the file offset of `bytes[0]`. */
function number(bytes: Uint8Array, start: number, end: number, file: string, offset: number): number {
  const reader = new ByteReader(bytes, start, end, file, offset + start)
  const value = reader.varint64()
  if (reader.remaining > 0) throw reader.error('property with bytes after its number')
  return value
}

function text(bytes: Uint8Array, reader: ByteReader): string {
  try {
    return DECODER.decode(bytes)
  } catch {
    throw reader.error('property that is not UTF-8')
  }
}
