/**
 * The database in numbers.
 */
import type { Drive } from './drive.ts'
import type { Engine, Writer } from './open.ts'
import type { StallCause } from './write-stall.ts'

/** One level of the tree. */
export interface LevelStats {
  /** From 0 to 6. */
  readonly level: number
  /** Tables in it. */
  readonly tables: number
  /** Bytes of them. */
  readonly bytes: number
  /** How urgent its compaction is: 1 and more asks for it. 0 where the database was opened read-only. */
  readonly score: number
  /** Bytes that compactions have read from it since the open. */
  readonly bytesRead: number
  /** Bytes that compactions have written to it, and flushes to level 0, since the open. */
  readonly bytesWritten: number
}

/** What a database consists of and has done since it was opened. */
export interface DatabaseStats {
  /** Levels that hold tables, or have been written to. */
  readonly levels: readonly LevelStats[]
  /** What is in memory and not yet in a table. */
  readonly memtables: {
    /** Entries in the memtable that takes writes. */
    readonly entries: number
    /** Bytes of memory that it uses. */
    readonly bytes: number
    /** Memtables that wait to become tables. */
    readonly frozen: number
  }
  /** The cache of blocks. */
  readonly cache: {
    /** Bytes of blocks in memory. */
    readonly bytes: number
    /** Bytes that may be. */
    readonly capacity: number
    /** Blocks that were found in it. */
    readonly hits: number
    /** Blocks that were not. */
    readonly misses: number
  }
  /** How what was not in memory was loaded. */
  readonly reads: {
    /** Loads that the thread did itself. */
    readonly blocking: number
    /** Loads that went through the thread pool. */
    readonly pooled: number
  }
  /** Memtables that became tables since the open. */
  readonly flushes: {
    /** How many. */
    readonly count: number
    /** Bytes of their tables. */
    readonly bytes: number
  }
  /** What compaction has done since the open, and is doing. */
  readonly compactions: {
    /** Plans carried out. */
    readonly count: number
    /** Bytes of the tables that were read. */
    readonly bytesRead: number
    /** Bytes of the tables that were written. */
    readonly bytesWritten: number
    /** What those that are running say of themselves. */
    readonly running: readonly string[]
  }
  /** Bytes written to tables for each byte flushed; 0 before the first flush. */
  readonly writeAmplification: number
  /** Tables that a read may have to ask, filters aside: those of level 0, and one of each other level. */
  readonly readAmplification: number
  /** How writes were held up, by cause. */
  readonly stalls: readonly {
    /** What writes were held up by. */
    readonly cause: StallCause
    /** How often. */
    readonly count: number
    /** For how long, in sum. */
    readonly milliseconds: number
  }[]
  /** Number of the newest write. */
  readonly lastSequence: number
  /** Snapshots and iterators that are open. */
  readonly readers: number
  /** Iterators among them. */
  readonly openIterators: number
  /** Who does background jobs. */
  readonly runner: 'inline' | 'workers' | 'none'
  /** Why writes have stopped, if they have. */
  readonly failure: string | undefined
}

/** Puts the numbers together. */
export function databaseStats(engine: Engine, drive: Drive, openIterators: number): DatabaseStats {
  const { memtables, cache, snapshots, writer, recovery } = engine
  const levels = levelStats(engine)
  const flushes = { count: writer?.background.flushes ?? 0, bytes: writer?.background.flushedBytes ?? 0 }
  const compactions = compactionStats(writer)
  return {
    levels,
    memtables: {
      entries: memtables.active.entries,
      bytes: memtables.active.memoryUsage,
      frozen: memtables.frozen.length,
    },
    cache: { bytes: cache.size, capacity: cache.capacity, hits: cache.hits, misses: cache.misses },
    reads: { blocking: drive.blocking, pooled: drive.pooled },
    flushes,
    compactions,
    writeAmplification: flushes.bytes === 0 ? 0 : (flushes.bytes + compactions.bytesWritten) / flushes.bytes,
    readAmplification: levels.reduce((sum, { level, tables }) => sum + (level === 0 ? tables : Math.min(1, tables)), 0),
    stalls: [...(writer?.gate.totals() ?? [])].map(([cause, totals]) => ({ cause, ...totals })),
    lastSequence: writer?.queue.lastSequence ?? recovery.lastSequence,
    readers: snapshots.size,
    openIterators,
    runner: writer?.runner.kind ?? 'none',
    failure: writer?.queue.failure?.message,
  }
}

function levelStats({ versions, writer }: Engine): LevelStats[] {
  const scores = writer === undefined ? [] : writer.strategy.scores(writer.compactions.tree())
  return versions.current.levels
    .map((files, level) => {
      const traffic = writer?.compactions.traffic[level]
      const flushed = level === 0 ? (writer?.background.flushedBytes ?? 0) : 0
      return {
        level,
        tables: files.length,
        bytes: versions.current.levelBytes(level),
        score: scores[level] ?? 0,
        bytesRead: traffic?.read ?? 0,
        bytesWritten: (traffic?.written ?? 0) + flushed,
      }
    })
    .filter(({ tables, bytesWritten }) => tables > 0 || bytesWritten > 0)
}

function compactionStats(writer: Writer | undefined): DatabaseStats['compactions'] {
  const traffic = writer?.compactions.traffic ?? []
  return {
    count: writer?.compactions.done ?? 0,
    bytesRead: traffic.reduce((sum, { read }) => sum + read, 0),
    bytesWritten: traffic.reduce((sum, { written }) => sum + written, 0),
    running: [...(writer?.compactions.running ?? [])].map(({ reason }) => reason),
  }
}
