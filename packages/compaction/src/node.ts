/**
 * Jobs in the worker threads of Node.
 *
 * @packageDocumentation
 * @category Packages
 */
export { makeRunner, type MadeRunner, type RunnerParts } from './node-make-runner.ts'
export { WorkerRunner } from './node-worker-runner.ts'
