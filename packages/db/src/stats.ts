/**
 * The database in numbers.
 */
import type { Drive } from './drive.ts'
import type { Engine } from './open.ts'

/** One level of the tree. */
export interface LevelStats {
  readonly level: number
  readonly tables: number
  readonly bytes: number
}

/** What a database consists of and has done since it was opened. */
export interface DatabaseStats {
  /** Levels that hold tables. */
  readonly levels: readonly LevelStats[]
  readonly memtables: {
    /** Entries in the memtable that takes writes. */
    readonly entries: number
    /** Bytes of memory that it uses. */
    readonly bytes: number
    /** Memtables that wait to become tables. */
    readonly frozen: number
  }
  readonly cache: {
    /** Bytes of blocks in memory. */
    readonly bytes: number
    /** Bytes that may be. */
    readonly capacity: number
    readonly hits: number
    readonly misses: number
  }
  readonly reads: {
    /** Loads that the thread did itself. */
    readonly blocking: number
    /** Loads that went through the thread pool. */
    readonly pooled: number
  }
  readonly flushes: {
    readonly count: number
    readonly bytes: number
  }
  /** Number of the newest write. */
  readonly lastSequence: number
  /** Snapshots and iterators that are open. */
  readonly readers: number
  readonly openIterators: number
  /** Why writes have stopped, if they have. */
  readonly failure: string | undefined
}

/** Puts the numbers together. */
export function databaseStats(engine: Engine, drive: Drive, openIterators: number): DatabaseStats {
  const { versions, memtables, cache, options, snapshots, writer, recovery } = engine
  return {
    levels: versions.current.levels
      .map((files, level) => ({ level, tables: files.length, bytes: versions.current.levelBytes(level) }))
      .filter(({ tables }) => tables > 0),
    memtables: {
      entries: memtables.active.entries,
      bytes: memtables.active.memoryUsage,
      frozen: memtables.frozen.length,
    },
    cache: { bytes: cache.size, capacity: options.cacheSize, hits: cache.hits, misses: cache.misses },
    reads: { blocking: drive.blocking, pooled: drive.pooled },
    flushes: { count: writer?.background.flushes ?? 0, bytes: writer?.background.flushedBytes ?? 0 },
    lastSequence: writer?.queue.lastSequence ?? recovery.lastSequence,
    readers: snapshots.size,
    openIterators,
    failure: writer?.queue.failure?.message,
  }
}
