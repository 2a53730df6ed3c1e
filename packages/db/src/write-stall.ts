/**
 * How fast may writes go on?
 *
 *     level-0 tables    0 ────── slowdown ═══════════ stop
 *     bytes to rewrite  0 ────── slowdown ═══════════ stop
 *     pressure          0            0  ─ rises ─▶     1
 *     writes            free       slower and slower   wait
 *
 * Slowing down early spreads the cost over many writes; stopping late bounds how far reads can get worse. Frozen
 * memtables only stop: there is no half of one.
 *
 * Pure: counts in, decision out. Knows no clock, no queue and no event.
 */

/** What makes writes slow down or wait. */
export type StallCause = 'memtables' | 'level0' | 'pending-bytes'

/** How the tree is now. */
export interface StallCounts {
  /** Frozen memtables that wait to become tables. */
  readonly frozenMemTables: number
  readonly level0Tables: number
  /** Bytes that compaction must rewrite until the tree is in shape. */
  readonly pendingBytes: number
}

/** Where slowing down begins and where writes wait. */
export interface StallLimits {
  /** Frozen memtables at which a write that needs a new memtable waits. */
  readonly maxFrozenMemTables: number
  readonly level0Slowdown: number
  readonly level0Stop: number
  readonly pendingBytesSlowdown: number
  readonly pendingBytesStop: number
}

/** What writes are to do. */
export interface StallDecision {
  /** 0: free; between: slower; 1: wait. */
  readonly pressure: number
  /** What the pressure comes from, if there is any. */
  readonly cause: StallCause | undefined
}

const FREE: StallDecision = { pressure: 0, cause: undefined }

/** Decides by the worst of the counts. */
export function decideStall(counts: StallCounts, limits: StallLimits): StallDecision {
  const level0 = between(counts.level0Tables, limits.level0Slowdown, limits.level0Stop)
  const pending = between(counts.pendingBytes, limits.pendingBytesSlowdown, limits.pendingBytesStop)
  if (level0 === 0 && pending === 0) return FREE
  return level0 >= pending ? { pressure: level0, cause: 'level0' } : { pressure: pending, cause: 'pending-bytes' }
}

/** Bytes per second at which writes go on when slowing down begins, and just before they wait. */
const FASTEST = 64 << 20
const SLOWEST = 1 << 20

/** Milliseconds that writing so many bytes is to take under a pressure below 1. */
export function delayFor(bytes: number, pressure: number): number {
  return pressure <= 0 ? 0 : (1000 * bytes) / (FASTEST * (SLOWEST / FASTEST) ** pressure)
}

/** Where a value lies between two bounds, from 0 to 1; above the first, at least a little more than 0. */
function between(value: number, low: number, high: number): number {
  if (value < low) return 0
  return Math.min(1, (value - low + 1) / (high - low + 1))
}
