/**
 * The same as `@lsm/db`, for programs that read a little and leave: what only a writer needs (lock, log, background work) is
 * loaded when a database is first opened for writing, and not before.
 *
 * @packageDocumentation
 * @category Packages
 */
export { ChainedBatch } from './chained-batch.ts'
export { Database, type BatchOperation, type IteratorOptions, type ReadOptions } from './database.ts'
export type { Decoded, Encoding, EncodingOption, EncodingOptions, NamedEncodings } from './encoding.ts'
export {
  DatabaseEvents,
  type CompactionEvent,
  type DatabaseEventMap,
  type ErrorEvent,
  type FlushEvent,
  type LeakEvent,
  type RunnerEvent,
  type StallEvent,
} from './events.ts'
export { DatabaseIterator } from './iterator.ts'
export type { CompactRangeOptions, CompactRangeProgress } from './manual-compaction.ts'
export type { StallCause, StallDecision } from './write-stall.ts'
export type { RangeOptions } from './key-range.ts'
export type { OpenOptions, WriteOptions } from './options.ts'
export type { DroppedBytes, RecoveryMode, RecoveryReport, ReplayedLog } from './recovery.ts'
export { Snapshot } from './snapshot.ts'
export type { DatabaseStats, LevelStats } from './stats.ts'
export type { LostStretch, RepairedFile, RepairReport } from './repair-report.ts'
export type { RepairOptions } from './repair.ts'
export type { VerifiedFile, VerifyProblem, VerifyProgress, VerifyReport } from './verify-report.ts'
export type { VerifyOptions } from './verify.ts'
export { LsmError, type LsmErrorCode } from '@lsm/base'
