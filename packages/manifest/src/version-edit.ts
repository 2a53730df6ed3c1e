/**
 * One change of the set of tables: the payload of a manifest record.
 *
 *     edit   = field*                        any order; of a scalar the last one counts
 *     field  = 1 slice                       comparator name
 *            | 2 varint64                    log number: older logs are no longer needed
 *            | 9 varint64                    previous log number: one older log that is needed; 0 since 2011
 *            | 3 varint64                    next file number
 *            | 4 varint64                    last sequence number
 *            | 5 level key                   compaction pointer: where the level is to be compacted next, a hint
 *            | 6 level varint64              table removed: its number
 *            | 7 level varint64 varint64 key key    table added: number, bytes, smallest and largest key
 *     level  = varint32 below 7
 *     key    = slice that holds an internal key
 *
 * 1. Removals apply before additions.
 * 2. LevelDB refuses a database with any other tag, so none is ever written, and here too none is read.
 *
 * Does not know whether a table exists, or whether the tables fit together: see `version-builder`.
 */
import { ByteBuffer, ByteReader, putVarint, TAG_SIZE } from '@lsm/base'

/** Levels that LevelDB has; level 0 holds what was flushed. */
export const LEVELS = 7

/** A table, as the manifest describes it. Immutable. */
export interface FileMetadata {
  /** The number in its name. */
  readonly number: number
  /** Bytes in the file. */
  readonly size: number
  /** Its first internal key. */
  readonly smallest: Uint8Array
  /** Its last internal key. */
  readonly largest: Uint8Array
}

const COMPARATOR = 1
const LOG_NUMBER = 2
const NEXT_FILE_NUMBER = 3
const LAST_SEQUENCE = 4
const COMPACT_POINTER = 5
const REMOVED = 6
const ADDED = 7
const PREV_LOG_NUMBER = 9

/** A change of the set of tables. Fields that are not set stay as they were. */
export class VersionEdit {
  /** The name of the order of user keys. */
  comparator: string | undefined
  /** Logs with smaller numbers are no longer needed. */
  logNumber: number | undefined
  /** A log with a smaller number that is needed nevertheless; 0 for none. */
  prevLogNumber: number | undefined
  /** No file with this number or a greater one exists. */
  nextFileNumber: number | undefined
  /** No table holds a greater sequence number. */
  lastSequence: number | undefined
  /** Where levels are to be compacted next. */
  readonly compactPointers: {
    /** From 0 to 6. */
    readonly level: number
    /** An internal key: what comes after it is next. */
    readonly key: Uint8Array
  }[] = []
  /** Tables that are no longer part of a level. */
  readonly removed: {
    /** From 0 to 6. */
    readonly level: number
    /** The table's file number. */
    readonly number: number
  }[] = []
  /** Tables that become part of a level. */
  readonly added: {
    /** From 0 to 6. */
    readonly level: number
    /** The table. */
    readonly file: FileMetadata
  }[] = []

  /** The record's payload, fields in LevelDB's order. */
  encode(): Uint8Array {
    const out = new ByteBuffer(256)
    if (this.comparator !== undefined) {
      append(out, COMPARATOR)
      appendSlice(out, new TextEncoder().encode(this.comparator))
    }
    if (this.logNumber !== undefined) append(out, LOG_NUMBER, this.logNumber)
    if (this.prevLogNumber !== undefined) append(out, PREV_LOG_NUMBER, this.prevLogNumber)
    if (this.nextFileNumber !== undefined) append(out, NEXT_FILE_NUMBER, this.nextFileNumber)
    if (this.lastSequence !== undefined) append(out, LAST_SEQUENCE, this.lastSequence)
    for (const { level, key } of this.compactPointers) {
      append(out, COMPACT_POINTER, level)
      appendSlice(out, key)
    }
    for (const { level, number } of this.removed) append(out, REMOVED, level, number)
    for (const { level, file } of this.added) {
      append(out, ADDED, level, file.number, file.size)
      appendSlice(out, file.smallest)
      appendSlice(out, file.largest)
    }
    return out.bytes.subarray(0, out.length)
  }

  /**
   * Reads a record's payload, `bytes[start, end)`, of which nothing is kept.
   *
   * @param file - the manifest's name, for messages, and `offset` where the record begins in it.
   * @throws LsmError `LSM_CORRUPTION` if it is no version edit.
   */
  static decode(bytes: Uint8Array, start: number, end: number, file: string, offset: number): VersionEdit {
    const reader = new ByteReader(bytes, start, end, file, offset)
    const edit = new VersionEdit()
    while (reader.remaining > 0) edit.#readField(reader)
    return edit
  }

  #readField(reader: ByteReader): void {
    const tag = reader.varint32()
    if (tag === COMPARATOR) this.comparator = new TextDecoder().decode(reader.slice())
    else if (tag === LOG_NUMBER) this.logNumber = reader.varint64()
    else if (tag === PREV_LOG_NUMBER) this.prevLogNumber = reader.varint64()
    else if (tag === NEXT_FILE_NUMBER) this.nextFileNumber = reader.varint64()
    else if (tag === LAST_SEQUENCE) this.lastSequence = reader.varint64()
    else if (tag === COMPACT_POINTER) this.compactPointers.push({ level: readLevel(reader), key: readKey(reader) })
    else if (tag === REMOVED) this.removed.push({ level: readLevel(reader), number: reader.varint64() })
    else if (tag === ADDED) this.added.push({ level: readLevel(reader), file: readFile(reader) })
    else throw reader.error(`version edit with unknown tag ${tag}`)
  }
}

function readLevel(reader: ByteReader): number {
  const level = reader.varint32()
  if (level >= LEVELS) throw reader.error(`level ${level} in a version edit, where 0 to ${LEVELS - 1} exist`)
  return level
}

function readFile(reader: ByteReader): FileMetadata {
  const number = reader.varint64()
  const size = reader.varint64()
  return { number, size, smallest: readKey(reader), largest: readKey(reader) }
}

/** An internal key, copied. */
function readKey(reader: ByteReader): Uint8Array {
  const key = reader.slice()
  if (key.length < TAG_SIZE) throw reader.error(`an internal key of ${key.length} bytes in a version edit`)
  return key.slice()
}

function append(out: ByteBuffer, ...numbers: number[]): void {
  for (const number of numbers) {
    out.reserve(out.length + 10)
    out.length = putVarint(out.bytes, out.length, number)
  }
}

function appendSlice(out: ByteBuffer, bytes: Uint8Array): void {
  append(out, bytes.length)
  out.append(bytes, 0, bytes.length)
}
