/**
 * Errors that cross from one thread to another and stay what they were: an `LsmError` keeps its code, file, offset and
 * cause, a system's error its code.
 */
import { LsmError, type LsmErrorCode } from '@lsm/base'

/** An error as plain data. */
export interface PortableError {
  readonly isLsmError: boolean
  readonly name: string
  readonly message: string
  readonly stack: string
  readonly code: string | undefined
  readonly file: string | undefined
  readonly offset: number | undefined
  readonly cause: PortableError | undefined
}

/** Causes of causes that cross. */
const DEEPEST = 8

/** An error as plain data. What is thrown and is no error becomes the message of one. */
export function toPortable(thrown: unknown, depth = 0): PortableError {
  const error: Partial<LsmError> = thrown instanceof Error ? thrown : new Error(String(thrown))
  return {
    isLsmError: thrown instanceof LsmError,
    name: error.name ?? 'Error',
    message: error.message ?? '',
    stack: error.stack ?? '',
    code: typeof error.code === 'string' ? error.code : undefined,
    file: error.file,
    offset: error.offset,
    cause: error.cause === undefined || depth === DEEPEST ? undefined : toPortable(error.cause, depth + 1),
  }
}

/** The error again. */
export function fromPortable(portable: PortableError): Error {
  const { isLsmError, name, message, stack, code, file, offset } = portable
  const cause = portable.cause === undefined ? undefined : fromPortable(portable.cause)
  if (isLsmError) {
    // The message has the place in it already.
    const error = new LsmError(code as LsmErrorCode, message, { cause })
    return Object.assign(error, { file, offset, stack })
  }
  const error = new Error(message, cause === undefined ? undefined : { cause })
  return Object.assign(error, { name, stack }, code === undefined ? {} : { code })
}
