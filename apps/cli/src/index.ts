/**
 * The `lsm` command as a function, for programs that want to run it without a process of its own.
 *
 * @packageDocumentation
 * @category Packages
 */
export { EXIT, type ExitCode } from './exit-codes.ts'
export type { OutputStream } from './output.ts'
export { run } from './run.ts'
export type { InputStream, Surroundings } from './streams.ts'
