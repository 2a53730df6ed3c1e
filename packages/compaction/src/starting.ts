/**
 * What a database needs of this package when it starts, without what its jobs are made of and without the simulation: these are
 * loaded when the first job comes, or by worker threads.
 *
 * Everything here is in `@lsm/compaction`, or in `@lsm/compaction/node`, too.
 *
 * @packageDocumentation
 * @category Packages
 */
export { leveledStrategy } from './leveled-strategy.ts'
export { makeRunner, type MadeRunner } from './node-make-runner.ts'
export { RateLimiter } from './rate-limiter.ts'
export { outputOf } from './running-jobs.ts'
