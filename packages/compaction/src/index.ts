/**
 * What to rewrite in a log-structured merge-tree, and the rewriting: jobs that turn memtables into tables and tables
 * into fewer tables, the rules that say which entries may be forgotten and where a table ends, and runners that do
 * jobs without holding the event loop. Worker threads are under `@lsm/compaction/node`.
 *
 * @packageDocumentation
 * @category Packages
 */
export { compact, type CompactionJob } from './compaction.ts'
export { flush, type FlushJob } from './flush.ts'
export { InlineRunner, type JobControl, type JobRunner } from './job-runner.ts'
export type { Cancellation, JobProgress, JobResult, JobSurroundings } from './job.ts'
export { OlderTables } from './older-tables.ts'
export { OutputSplitter, type OutputBounds } from './output-splitter.ts'
export type { OutputTable } from './output-tables.ts'
export { OwnThreadPace, SlicedPace, type Pace } from './pace.ts'
export { RateLimiter } from './rate-limiter.ts'
export { Retention, type MayHide } from './retention.ts'
export { fifoStrategy, type FifoSettings } from './fifo-strategy.ts'
export { leveledStrategy, type LeveledSettings } from './leveled-strategy.ts'
export { tieredStrategy, type TieredSettings } from './tiered-strategy.ts'
export { runJob, type Job } from './run-job.ts'
export { outputOf } from './running-jobs.ts'
export { simulate, type SimulationReport, type SimulationSample, type SimulationSettings } from './simulate.ts'
export type { SimulatedKeys, SimulatedPhase, SimulatedWorkload } from './simulated-workload.ts'
export type {
  DropPlan,
  LevelInput,
  MovePlan,
  Plan,
  RewritePlan,
  RunningOutput,
  Strategy,
  TableDescription,
  TreeDescription,
} from './strategy.ts'
export type { TableComponents, TableSettings } from './table-settings.ts'
