/**
 * A durable log of records, in the format of LevelDB's write-ahead log.
 *
 * @packageDocumentation
 * @category Packages
 */
export { BLOCK_SIZE, HEADER_SIZE } from './log-format.ts'
export { readLog, type LogReadOptions } from './log-reader.ts'
export type { LogDamage, LogEnd, LogVisitor } from './log-visitor.ts'
export { LogWriter } from './log-writer.ts'
export { RecordLog, type RecordLogVisitor } from './record-log.ts'
