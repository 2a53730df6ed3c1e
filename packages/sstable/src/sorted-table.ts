/**
 * A table on its own: a sorted file of keys and values, for a program that has no database.
 *
 * Written in one go from keys in order, then only read. It is an ordinary table file, so LevelDB and the database of
 * this project read what is written here, and any table of theirs can be read here.
 *
 * 1. What is written is synced, file and name, before {@link writeTable} resolves.
 * 2. Everything handed out is a copy.
 */
import {
  compareBytes,
  equalBytes,
  FOUND,
  FoundValue,
  internalKey,
  LookupKey,
  MAX_SEQUENCE,
  MISS,
  ReadContext,
  TAG_SIZE,
  tagSequence,
  tagType,
  TYPE_DELETION,
  TYPE_FOR_SEEK,
  TYPE_VALUE,
  VALID,
  type Directory,
  type InternalIterator,
  type Move,
} from '@lsm/base'

import { BlockCache } from './block-cache.ts'
import { leveldbBloomFilter } from './bloom-filter.ts'
import { CodecRegistry, DEFAULT_CODECS, type Codec } from './codec.ts'
import type { FilterPolicy } from './filter-policy.ts'
import { blockedBloomFilter } from './full-filter.ts'
import type { TableProperties } from './properties.ts'
import { SNAPPY } from './snappy.ts'
import { TableBuilder } from './table-builder.ts'
import { TableReader } from './table-reader.ts'

/** How {@link writeTable} writes. */
export interface WriteTableOptions {
  /** Bytes of a block before compression; 4096 by default. */
  readonly blockSize?: number
  /** Entries from one restart point to the next; 16 by default. */
  readonly blockRestartInterval?: number
  /** What blocks are compressed with; Snappy by default, `undefined` to store them as they are. */
  readonly codec?: Codec | undefined
  /** The filters to add; by default one for the whole table. */
  readonly filters?: readonly FilterPolicy[]
  /** Name of the writing program, for the table's properties. */
  readonly creator?: string
}

/** How {@link openTable} reads. */
export interface OpenTableOptions {
  /** Bytes that blocks in memory may take; 8 MiB by default. */
  readonly cacheSize?: number
  /** Whether checksums are compared; true by default. */
  readonly verifyChecksums?: boolean
  /** The most bytes that a block may have; 64 MiB by default. */
  readonly maxBlockSize?: number
  /** The codecs that can be read; Snappy by default. */
  readonly codecs?: readonly Codec[]
  /** The filters that are understood; by default the two of this package. */
  readonly filters?: readonly FilterPolicy[]
}

/** Which entries to walk, and which way. */
export interface TableRange {
  /** Keys at or after this one. */
  readonly gte?: Uint8Array
  /** Keys before this one. */
  readonly lt?: Uint8Array
  /** From the last to the first. */
  readonly reverse?: boolean
}

/** A version of a key, as it is stored. */
export interface TableVersion {
  /** The user key. */
  readonly key: Uint8Array
  /** The sequence number of the write. */
  readonly sequence: number
  /** `undefined` where the key was deleted. */
  readonly value: Uint8Array | undefined
}

/**
 * Writes a table of these entries, and makes it durable.
 *
 * @param name - a file name such as `000001.ldb`; a file of that name is replaced.
 * @param entries - keys strictly ascending as unsigned bytes, with their values.
 * @throws TypeError for keys that do not ascend. The unfinished file is removed.
 */
export async function writeTable(
  directory: Directory,
  name: string,
  entries: Iterable<readonly [key: Uint8Array, value: Uint8Array]>,
  options: WriteTableOptions = {},
): Promise<TableProperties> {
  const file = await directory.createFile(name)
  try {
    const builder = new TableBuilder(file, {
      blockSize: options.blockSize ?? 4096,
      blockRestartInterval: options.blockRestartInterval ?? 16,
      codec: 'codec' in options ? options.codec : SNAPPY,
      filters: options.filters ?? [blockedBloomFilter()],
      creator: options.creator ?? '@lsm/sstable',
      createdAt: Date.now(),
    })
    for (const [userKey, value] of entries) {
      const key = internalKey(userKey, 0, TYPE_VALUE)
      builder.add(key, 0, key.length, value, 0, value.length)
    }
    const { properties } = builder.finish()
    await file.sync()
    await file.close()
    await directory.sync()
    return properties
  } catch (error) {
    await file.close().catch(() => undefined)
    await directory.removeFile(name).catch(() => undefined)
    throw error
  }
}

/**
 * Opens a table file: one of {@link writeTable}, or any `.ldb` or `.sst` of LevelDB.
 *
 * @throws LsmError `LSM_NOT_FOUND`, or `LSM_CORRUPTION` for a file that is no table.
 */
export async function openTable(
  directory: Directory,
  name: string,
  options: OpenTableOptions = {},
): Promise<SortedTable> {
  const file = await directory.openFile(name)
  const reader = await TableReader.open(file, file.size, {
    verifyChecksums: options.verifyChecksums ?? true,
    maxBlockSize: options.maxBlockSize ?? 64 * 1024 * 1024,
    codecs: new CodecRegistry(options.codecs ?? DEFAULT_CODECS),
    filters: options.filters ?? [blockedBloomFilter(), leveldbBloomFilter()],
    cache: new BlockCache(options.cacheSize ?? 8 * 1024 * 1024),
  })
  return new SortedTable(reader)
}

/** An open table. Of each key it shows the newest version, and nothing where that is a deletion. */
export class SortedTable implements AsyncDisposable {
  readonly #reader: TableReader

  /** Takes over the caller's share in the reader. */
  constructor(reader: TableReader) {
    this.#reader = reader
  }

  /** What the writer noted, if it was one of ours. */
  get properties(): TableProperties | undefined {
    return this.#reader.properties
  }

  /** Damage that does not keep the table from being read. */
  get problems(): readonly string[] {
    return this.#reader.problems
  }

  /** The value of a key. */
  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const lookup = new LookupKey()
    lookup.assign(key, MAX_SEQUENCE)
    const found = new FoundValue()
    const context = new ReadContext()
    let answer = this.#reader.find(lookup, found, context)
    while (answer === MISS) {
      await context.load()
      answer = this.#reader.find(lookup, found, context)
    }
    return answer === FOUND ? found.bytes.slice(found.start, found.end) : undefined
  }

  /** The keys of a range with their values. */
  async *entries(range: TableRange = {}): AsyncGenerator<[key: Uint8Array, value: Uint8Array], void> {
    let newest: TableVersion | undefined
    for await (const version of this.versions(range)) {
      const isSameKey = newest !== undefined && isEqual(newest.key, version.key)
      if (range.reverse !== true) {
        if (!isSameKey && version.value !== undefined) yield [version.key, version.value]
      } else if (!isSameKey && newest?.value !== undefined) yield [newest.key, newest.value]
      newest = version
    }
    if (range.reverse === true && newest?.value !== undefined) yield [newest.key, newest.value]
  }

  /** Every stored version of the keys of a range, deletions included; of one key the newest first, or last in reverse. */
  async *versions(range: TableRange = {}): AsyncGenerator<TableVersion, void> {
    const context = new ReadContext()
    const iterator = this.#reader.iterator(context)
    const step = (): Move => (range.reverse === true ? iterator.prev() : iterator.next())
    let move = await this.#drive(context, () => begin(iterator, range))
    while (move === VALID && isInside(iterator, range)) {
      yield versionAt(iterator)
      move = await this.#drive(context, step)
    }
  }

  /** Closes the file. What was handed out stays valid. */
  async close(): Promise<void> {
    this.#reader.release()
    await this.#reader.closed()
  }

  /** Closes it at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #drive(context: ReadContext, call: () => Move): Promise<Move> {
    let move = call()
    while (move === MISS) {
      await context.load()
      move = call()
    }
    context.release()
    return move
  }
}

/** To where a range begins, coming from its side. Called again after a miss, it starts anew. */
function begin(iterator: InternalIterator, { gte, lt, reverse }: TableRange): Move {
  if (reverse !== true) return gte === undefined ? iterator.seekToFirst() : seek(iterator, gte)
  if (lt === undefined) return iterator.seekToLast()
  const move = seek(iterator, lt)
  if (move === MISS) return MISS
  return move === VALID ? iterator.prev() : iterator.seekToLast()
}

/** To the newest version of a user key, or whatever comes after it. */
function seek(iterator: InternalIterator, userKey: Uint8Array): Move {
  const target = internalKey(userKey, MAX_SEQUENCE, TYPE_FOR_SEEK)
  return iterator.seek(target, 0, target.length)
}

/** Whether the iterator has not left the range at its far side. */
function isInside({ key, keyStart, keyEnd }: InternalIterator, { gte, lt, reverse }: TableRange): boolean {
  const userEnd = keyEnd - TAG_SIZE
  if (reverse === true) return gte === undefined || compareBytes(key, keyStart, userEnd, gte, 0, gte.length) >= 0
  return lt === undefined || compareBytes(key, keyStart, userEnd, lt, 0, lt.length) < 0
}

function versionAt(at: InternalIterator): TableVersion {
  return {
    key: at.key.slice(at.keyStart, at.keyEnd - TAG_SIZE),
    sequence: tagSequence(at.key, at.keyEnd),
    value: tagType(at.key, at.keyEnd) === TYPE_DELETION ? undefined : at.value.slice(at.valueStart, at.valueEnd),
  }
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return equalBytes(a, 0, a.length, b, 0, b.length)
}
