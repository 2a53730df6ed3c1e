/**
 * What to rewrite in a log-structured merge-tree, and the rewriting: jobs that turn memtables into tables, the
 * rule that says which entries may be forgotten, and the runner that does jobs without holding the event loop.
 *
 * @packageDocumentation
 * @category Packages
 */
export { flush, type FlushJob, type FlushResult, type JobSurroundings } from './flush.ts'
export { InlineRunner, type JobRunner } from './job-runner.ts'
export { SlicedPace, type Pace } from './pace.ts'
export { Retention } from './retention.ts'
export type { TableComponents, TableSettings } from './table-settings.ts'
