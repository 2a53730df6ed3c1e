/**
 * What a user may set, what it is set to otherwise, and what is refused.
 *
 * Options are resolved, checked and frozen once, here; nothing below this file has a default.
 */
import { LsmError, type FileSystem } from '@lsm/base'
import type { FifoSettings, LeveledSettings, Strategy, TableSettings, TieredSettings } from '@lsm/compaction'
import type { Codec, FilterPolicy } from '@lsm/sstable'
import { blockedBloomFilter, CodecRegistry, DEFAULT_CODECS, leveldbBloomFilter } from '@lsm/sstable/reading'

import { mostBytes, transcoder, type EncodingOption, type Transcoder } from './encoding.ts'
import type { RecoveryMode } from './recovery.ts'
import type { StallLimits } from './write-stall.ts'

const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB

/** How a database is opened. Every limit is an option; sizes are in bytes. */
export interface OpenOptions<K extends EncodingOption = EncodingOption, V extends EncodingOption = EncodingOption> {
  /** Make the database if it is not there. Default `true`. */
  readonly createIfMissing?: boolean
  /** Fail with `LSM_EXISTS` if it is there. Default `false`. */
  readonly errorIfExists?: boolean
  /**
   * Read what is there, take no lock, write nothing: for looking at a database that another process has open. What that process writes
   * later is not seen; a table that it compacts away is missing then, and the database must be opened again. Default `false`.
   */
  readonly readOnly?: boolean
  /** Encoding of keys where a call names none. Default `utf8`. */
  readonly keyEncoding?: K
  /** Encoding of values where a call names none. Default `utf8`. */
  readonly valueEncoding?: V
  /** Codec that blocks are compressed with: `true` for snappy, `false` or `none` for none, or a codec's name. Default `true`. */
  readonly compression?: boolean | string
  /** Codecs beyond snappy, for reading and writing. LevelDB cannot read blocks written with them. Default none. */
  readonly codecs?: readonly Codec[]
  /**
   * Filters written into tables: `blocked` for one over the whole table, which LevelDB ignores, `leveldb` for LevelDB's own,
   * `both`, or `none`. Both kinds are used when reading. Default `blocked`.
   */
  readonly filter?: 'blocked' | 'leveldb' | 'both' | 'none'
  /** Bits of filter per key. Default 10, which lets through about 1 % of absent keys. */
  readonly filterBitsPerKey?: number
  /** Bytes of decompressed blocks to keep in memory. Default: a thirty-second of the machine's memory, from 8 to 256 MiB. */
  readonly cacheSize?: number
  /** Bytes of recent writes to keep in memory before they become a table; also what a crash leaves to replay. Default 16 MiB. */
  readonly writeBufferSize?: number
  /** Bytes of entries after which a block is closed. Default 4 KiB. */
  readonly blockSize?: number
  /** Entries between two points in a block where a whole key is stored. Default 16. */
  readonly blockRestartInterval?: number
  /** Tables to keep open. Default 1000. */
  readonly maxOpenFiles?: number
  /** Check the checksum of every block that is read. Default `true`. */
  readonly verifyChecksums?: boolean
  /** Largest block, stored or decompressed, that is believed. Default: what holds the largest key and value. */
  readonly maxBlockSize?: number
  /** Largest key that may be written. Default 64 MiB. */
  readonly maxKeySize?: number
  /** Largest value that may be written. Default 1 GiB. */
  readonly maxValueSize?: number
  /**
   * How tables are compacted: `leveled` for a tree that LevelDB keeps in shape too, `tiered` for fewer bytes written and more
   * read, `fifo` to drop the oldest tables beyond `fifoMaxBytes` or `maxTableAge`, or a strategy of your own. Default `leveled`.
   */
  readonly strategy?: 'leveled' | 'tiered' | 'fifo' | Strategy
  /**
   * Threads for flushes and compactions; 0 to do both in the calling thread, in short slices. Default: one for flushes and
   * one for compactions, more on machines with more than four cores.
   */
  readonly workers?: number
  /** Bytes at which a compaction closes a table and begins the next. Default 8 MiB. */
  readonly maxFileSize?: number
  /** Tables in level 0 that ask for compaction. Default 4. */
  readonly level0CompactionTrigger?: number
  /** Tables in level 0 at which writes are slowed down. Default 20. */
  readonly level0SlowdownTrigger?: number
  /** Tables in level 0 at which writes wait. Default 36. */
  readonly level0StopTrigger?: number
  /** Bytes that the first level below level 0 may hold. Default 64 MiB. */
  readonly baseLevelSize?: number
  /** How many times the bytes of one level the next one may hold. Default 10. */
  readonly levelMultiplier?: number
  /** Frozen memtables that may wait for their flush. Default 2. */
  readonly maxFrozenMemTables?: number
  /**
   * Bytes of memtable that `close` may leave in logs, for the next open to replay; if there are more, it makes tables of them.
   * Default 256 KiB.
   */
  readonly maxReplaySize?: number
  /** Bytes still to be rewritten at which writes are slowed down. Default 4 GiB. */
  readonly pendingBytesSlowdown?: number
  /** Bytes still to be rewritten at which writes wait. Default 16 GiB. */
  readonly pendingBytesStop?: number
  /** Milliseconds after which data is compacted in any case, or, with `fifo`, dropped; 0 for never. Default 0. */
  readonly maxTableAge?: number
  /** Bytes of tables beyond which `fifo` drops the oldest. Default 1 GiB. */
  readonly fifoMaxBytes?: number
  /** Bytes per second that background jobs may write; 0 for no limit. Default 0. */
  readonly backgroundWriteRate?: number
  /** Read what a compaction wrote once more, and check it, before it replaces what it was made of. Default `false`. */
  readonly verifyOutput?: boolean
  /**
   * What to do about damage in the logs: `point-in-time` forgives what a crash may leave and refuses the rest, `strict` refuses
   * any, `salvage` skips it and takes what it can. Default `point-in-time`.
   */
  readonly recovery?: RecoveryMode
  /**
   * Note where each iterator and snapshot, and the database, is made, so that the event `leak` can tell; costs some
   * microseconds each. They are watched in any case. Default `false`.
   */
  readonly trackLeaks?: boolean
  /** Where the bytes live. Default: Node's file system. */
  readonly fileSystem?: FileSystem
}

/** Settings of one call that writes. */
export interface WriteOptions {
  /** Wait until the write survives a loss of power. Default `false`: it survives the death of the process. */
  readonly sync?: boolean
  /** Gives the write up with `LSM_ABORTED` when it fires while the write still waits. A write that has begun is finished. */
  readonly signal?: AbortSignal
}

/** A strategy that was chosen and not made yet: a database that is only read needs none. */
export type StrategyChoice =
  | { readonly name: 'own'; readonly strategy: Strategy }
  | { readonly name: 'leveled'; readonly settings: LeveledSettings }
  | { readonly name: 'tiered'; readonly settings: TieredSettings }
  | { readonly name: 'fifo'; readonly settings: FifoSettings }

/** Options with every default filled in. */
export interface ResolvedOptions {
  readonly createIfMissing: boolean
  readonly errorIfExists: boolean
  readonly readOnly: boolean
  readonly key: Transcoder
  readonly value: Transcoder
  readonly codecs: CodecRegistry
  readonly filters: readonly FilterPolicy[]
  readonly table: TableSettings
  readonly cacheSize: number | undefined
  readonly writeBufferSize: number
  readonly maxReplaySize: number
  readonly maxOpenFiles: number
  readonly verifyChecksums: boolean
  readonly maxBlockSize: number
  readonly maxKeySize: number
  readonly maxValueSize: number
  readonly strategy: StrategyChoice
  /** Bytes of the level below its own that an output of a compaction may overlap. */
  readonly maxGrandparentOverlap: number
  readonly workers: number | undefined
  readonly stalls: StallLimits
  readonly backgroundWriteRate: number
  readonly verifyOutput: boolean
  readonly recovery: RecoveryMode
  readonly trackLeaks: boolean
  readonly fileSystem: FileSystem
}

/** What tables name as the software that wrote them. */
const CREATOR = '@lsm/db'

const RECOVERIES = ['point-in-time', 'strict', 'salvage'] as const

const STRATEGIES = ['leveled', 'tiered', 'fifo'] as const

const FILTERS = ['blocked', 'leveldb', 'both', 'none'] as const

const KNOWN: ReadonlySet<string> = new Set<keyof OpenOptions>([
  'createIfMissing',
  'errorIfExists',
  'readOnly',
  'keyEncoding',
  'valueEncoding',
  'compression',
  'codecs',
  'filter',
  'filterBitsPerKey',
  'cacheSize',
  'writeBufferSize',
  'blockSize',
  'blockRestartInterval',
  'maxOpenFiles',
  'verifyChecksums',
  'maxBlockSize',
  'maxKeySize',
  'maxValueSize',
  'strategy',
  'workers',
  'maxFileSize',
  'level0CompactionTrigger',
  'level0SlowdownTrigger',
  'level0StopTrigger',
  'baseLevelSize',
  'levelMultiplier',
  'maxFrozenMemTables',
  'maxReplaySize',
  'pendingBytesSlowdown',
  'pendingBytesStop',
  'maxTableAge',
  'fifoMaxBytes',
  'backgroundWriteRate',
  'verifyOutput',
  'recovery',
  'trackLeaks',
  'fileSystem',
])

/** Fills in defaults and checks; throws `TypeError` for what is not an option or not a value of it. */
export function resolveOptions(options: OpenOptions, fileSystem: FileSystem): ResolvedOptions {
  for (const name of Object.keys(options)) {
    if (!KNOWN.has(name)) throw new TypeError(`'${name}' is not an option; options are ${[...KNOWN].join(', ')}`)
  }
  const given = new Given(options)
  const bitsPerKey = given.number('filterBitsPerKey', 10, 1, 64)
  const blocked = blockedBloomFilter(bitsPerKey)
  const leveldb = leveldbBloomFilter(bitsPerKey)
  const codecs = new CodecRegistry([...DEFAULT_CODECS, ...(options.codecs ?? [])])
  const maxKeySize = given.number('maxKeySize', 64 * MiB, 0, 64 * MiB)
  const maxValueSize = given.number('maxValueSize', GiB, 0, GiB)
  return Object.freeze({
    createIfMissing: given.flag('createIfMissing', true),
    errorIfExists: given.flag('errorIfExists', false),
    readOnly: given.flag('readOnly', false),
    key: transcoder(options.keyEncoding ?? 'utf8', 'keyEncoding'),
    value: transcoder(options.valueEncoding ?? 'utf8', 'valueEncoding'),
    codecs,
    filters: [blocked, leveldb],
    table: {
      blockSize: given.number('blockSize', 4 * KiB, 64, 4 * MiB),
      blockRestartInterval: given.number('blockRestartInterval', 16, 1, 1024),
      compression: compressionName(options.compression, codecs),
      filters: filterNames(given.choice('filter', FILTERS, 'blocked'), blocked, leveldb),
      creator: CREATOR,
    },
    cacheSize: options.cacheSize === undefined ? undefined : given.number('cacheSize', 0, 0, Number.MAX_SAFE_INTEGER),
    writeBufferSize: given.number('writeBufferSize', 16 * MiB, 4 * KiB, GiB),
    maxReplaySize: given.number('maxReplaySize', 256 * KiB, 0, Number.MAX_SAFE_INTEGER),
    maxOpenFiles: given.number('maxOpenFiles', 1000, 1, 1_000_000),
    verifyChecksums: given.flag('verifyChecksums', true),
    maxBlockSize: given.number('maxBlockSize', maxKeySize + maxValueSize + 64 * KiB, KiB, 2 * GiB),
    maxKeySize,
    maxValueSize,
    strategy: strategyOf(options.strategy, given),
    maxGrandparentOverlap: GRANDPARENTS * given.number('maxFileSize', 8 * MiB, KiB, 2 * GiB),
    workers: options.workers === undefined ? undefined : given.number('workers', 1, 0, 64),
    stalls: stallLimits(given),
    backgroundWriteRate: given.number('backgroundWriteRate', 0, 0, Number.MAX_SAFE_INTEGER),
    verifyOutput: given.flag('verifyOutput', false),
    recovery: given.choice('recovery', RECOVERIES, 'point-in-time'),
    trackLeaks: given.flag('trackLeaks', false),
    fileSystem: options.fileSystem ?? fileSystem,
  })
}

/** Tables of the level below its own that an output of a compaction may overlap. */
const GRANDPARENTS = 10

/** The strategy by name, or the user's own. */
function strategyOf(strategy: unknown, given: Given): StrategyChoice {
  if (isStrategy(strategy)) return { name: 'own', strategy }
  const maxTableSize = given.number('maxFileSize', 8 * MiB, KiB, 2 * GiB)
  const maxAge = given.number('maxTableAge', 0, 0, Number.MAX_SAFE_INTEGER)
  const name = given.choice('strategy', STRATEGIES, 'leveled')
  switch (name) {
    case 'tiered': {
      const settings = {
        minRuns: given.number('level0CompactionTrigger', 4, 2, 1000),
        maxRuns: given.number('level0SlowdownTrigger', 20, 2, 100_000),
        sizeRatio: 10,
        maxSpaceAmplification: 100,
        maxTableSize: Number.MAX_SAFE_INTEGER,
      }
      return { name, settings }
    }
    case 'fifo': {
      const maxBytes = given.number('fifoMaxBytes', GiB, 0, Number.MAX_SAFE_INTEGER)
      return { name, settings: { maxBytes, maxAge } }
    }
    case 'leveled': {
      const settings = {
        level0Trigger: given.number('level0CompactionTrigger', 4, 1, 1000),
        baseLevelBytes: given.number('baseLevelSize', 64 * MiB, KiB, Number.MAX_SAFE_INTEGER),
        levelMultiplier: given.number('levelMultiplier', 10, 2, 100),
        maxTableSize,
        maxGrandparentOverlap: GRANDPARENTS * maxTableSize,
        choice: 'least-overlap',
        tombstoneRatio: 0.3,
        maxAge,
      } as const
      return { name, settings }
    }
  }
}

function isStrategy(strategy: unknown): strategy is Strategy {
  if (typeof strategy !== 'object' || strategy === null) return false
  return typeof (strategy as Partial<Strategy>).plan === 'function'
}

function stallLimits(given: Given): StallLimits {
  const level0Slowdown = given.number('level0SlowdownTrigger', 20, 1, 100_000)
  const pendingBytesSlowdown = given.number('pendingBytesSlowdown', 4 * GiB, 0, Number.MAX_SAFE_INTEGER)
  return {
    maxFrozenMemTables: given.number('maxFrozenMemTables', 2, 1, 100),
    level0Slowdown,
    level0Stop: given.number('level0StopTrigger', Math.max(36, level0Slowdown), level0Slowdown, 100_000),
    pendingBytesSlowdown,
    pendingBytesStop: given.number(
      'pendingBytesStop',
      Math.max(16 * GiB, pendingBytesSlowdown),
      pendingBytesSlowdown,
      Number.MAX_SAFE_INTEGER,
    ),
  }
}

function compressionName(option: unknown, codecs: CodecRegistry): string {
  if (option === undefined || option === true) return 'snappy'
  if (option === false || option === 'none') return 'none'
  if (typeof option === 'string' && codecs.byName(option) !== undefined) return option
  throw new TypeError(
    `compression must be true, false, 'none' or one of ${codecs.names.map(name => `'${name}'`).join(', ')}`,
  )
}

function filterNames(filter: (typeof FILTERS)[number], blocked: FilterPolicy, leveldb: FilterPolicy): string[] {
  if (filter === 'none') return []
  if (filter === 'both') return [blocked.metaName, leveldb.metaName]
  return [filter === 'blocked' ? blocked.metaName : leveldb.metaName]
}

/** Reads options with their kind and range. */
class Given {
  readonly #options: Readonly<Record<string, unknown>>

  constructor(options: OpenOptions) {
    this.#options = options as Readonly<Record<string, unknown>>
  }

  flag(name: keyof OpenOptions, fallback: boolean): boolean {
    const value = this.#options[name] ?? fallback
    if (typeof value !== 'boolean') throw new TypeError(`${name} must be true or false`)
    return value
  }

  number(name: keyof OpenOptions, fallback: number, least: number, most: number): number {
    const value = this.#options[name] ?? fallback
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
      throw new TypeError(`${name} must be a whole number from ${least} to ${most}`)
    }
    return value
  }

  choice<T extends string>(name: keyof OpenOptions, choices: readonly T[], fallback: T): T {
    const value = (this.#options[name] ?? fallback) as T
    if (!choices.includes(value)) throw new TypeError(`${name} must be one of ${choices.map(c => `'${c}'`).join(', ')}`)
    return value
  }
}

/** Text above this length is encoded at once, so that its size in bytes is known. */
const LONG_TEXT = 64 * KiB

const encoder = new TextEncoder()

/** A prepared key or value that is small enough to write; throws `LSM_LIMIT` for one that is not. */
export function checkedPart(prepared: string | Uint8Array, most: number, what: 'key' | 'value'): string | Uint8Array {
  const part = typeof prepared === 'string' && prepared.length > LONG_TEXT ? encoder.encode(prepared) : prepared
  const bytes = mostBytes(part)
  if (bytes <= most || (typeof part === 'string' && encoder.encode(part).length <= most)) return part
  const option = what === 'key' ? 'maxKeySize' : 'maxValueSize'
  throw new LsmError(
    'LSM_LIMIT',
    `the ${what} is over the limit of ${most} bytes (option ${option}); nothing was written`,
  )
}

/** The entries that an iterator may give, by its `limit` option. */
export function checkedLimit(limit: number | undefined): number {
  if (limit === undefined || limit === -1) return Number.POSITIVE_INFINITY
  if (Number.isInteger(limit) && limit >= 0) return limit
  if (limit === Number.POSITIVE_INFINITY) return limit
  throw new TypeError('limit must be a whole number, or -1 for all')
}
