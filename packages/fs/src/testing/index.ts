/**
 * A file system for tests that loses power, runs full, fails and lies, at the operation that you name.
 *
 * @packageDocumentation
 * @category Packages
 */
export { CrashableFileSystem, type CrashableOptions } from './crashable-file-system.ts'
export { CRASH_VARIANTS, type CrashOptions, type CrashVariant } from './crash-policy.ts'
export type { FaultPredicate, FaultOptions, InjectedFault } from './faults.ts'
export type { Operation, OperationKind } from './operations.ts'
