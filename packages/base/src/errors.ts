/**
 * What goes wrong, in a form a program can act on.
 *
 * Absence is `undefined` and a wrong argument is a `TypeError`; everything else
 * that the packages throw is an {@link LsmError} with a stable `code`.
 */

/**
 * The stable code of an {@link LsmError}.
 *
 * - `LSM_CORRUPTION`: bytes on disk are not what they must be; `file` and `offset` say where.
 * - `LSM_LOCKED`: another owner has the directory open; the message names it.
 * - `LSM_IO`: the operating system failed a read, write or sync; its error is the `cause`.
 * - `LSM_DISK_FULL`: a write failed for lack of space or quota.
 * - `LSM_CLOSED`: the object was closed before or during the call.
 * - `LSM_READ_ONLY`: the database was opened read-only, or writes stopped after an earlier failure (the `cause`).
 * - `LSM_NOT_FOUND`: no database in that directory, and none was to be created.
 * - `LSM_EXISTS`: a database is there, and `errorIfExists` was set.
 * - `LSM_NOT_SUPPORTED`: valid, but beyond what this build can read or do.
 * - `LSM_LIMIT`: a key, value, batch or setting is over its limit; nothing was written.
 * - `LSM_ABORTED`: the caller's `AbortSignal` fired; its reason is the `cause`.
 * - `LSM_CONFLICT`: the operation lost against another one.
 */
export type LsmErrorCode =
  | 'LSM_CORRUPTION'
  | 'LSM_LOCKED'
  | 'LSM_IO'
  | 'LSM_DISK_FULL'
  | 'LSM_CLOSED'
  | 'LSM_READ_ONLY'
  | 'LSM_NOT_FOUND'
  | 'LSM_EXISTS'
  | 'LSM_NOT_SUPPORTED'
  | 'LSM_LIMIT'
  | 'LSM_ABORTED'
  | 'LSM_CONFLICT'

/** Where an error happened, and why. */
export interface LsmErrorDetails {
  /** The file's name inside its directory. */
  readonly file?: string | undefined
  /** Byte offset in `file`. */
  readonly offset?: number | undefined
  /** The error that led to this one. */
  readonly cause?: unknown
}

/**
 * The one error class of all `@lsm` packages.
 *
 * @example
 * ```ts
 * import { LsmError } from '@lsm/base'
 *
 * const error = new LsmError('LSM_CORRUPTION', 'block checksum does not match', { file: '000005.ldb', offset: 4096 })
 * console.log(error.message) // block checksum does not match (000005.ldb at offset 4096)
 * ```
 */
export class LsmError extends Error {
  /** Always `LsmError`. */
  override readonly name: string = 'LsmError'
  /** What kind of failure this is; never changes between releases. */
  readonly code: LsmErrorCode
  /** The file's name inside its directory, where a file is to blame. */
  readonly file: string | undefined
  /** Byte offset in {@link LsmError.file | file}. */
  readonly offset: number | undefined

  /** @param message - what happened and what to do next; the place is appended to it. */
  constructor(code: LsmErrorCode, message: string, details: LsmErrorDetails = {}) {
    super(message + place(details), details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.file = details.file
    this.offset = details.offset
  }
}

/** An `LSM_CORRUPTION` error at a place in a file. */
export function corruption(message: string, file: string, offset: number, cause?: unknown): LsmError {
  return new LsmError('LSM_CORRUPTION', message, { file, offset, cause })
}

function place({ file, offset }: LsmErrorDetails): string {
  if (file === undefined) return ''
  return offset === undefined ? ` (${file})` : ` (${file} at offset ${offset})`
}
