/**
 * Loads databases that may not be here: native modules that are not installed, or do not run on this system.
 */
import { createRequire } from 'node:module'

import { MissingError } from './driver.ts'

const require = createRequire(import.meta.url)

/** The exports of a package; throws `MissingError` if it cannot be loaded. */
export function loadNative<T>(name: string): T {
  try {
    return require(name) as T
  } catch (error) {
    throw new MissingError(reason(name, error), { cause: error })
  }
}

/** Throws `MissingError` on versions of Node that a database's binary does not run on; some crash the process. */
export function needNode(what: string, { from = 0, below = Infinity }: { from?: number; below?: number }): void {
  const major = Number(process.versions.node.split('.', 1)[0])
  if (major < from) throw new MissingError(`${what} needs Node ${from}`)
  if (major >= below) throw new MissingError(`${what} does not run on Node ${below} and later`)
}

function reason(name: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'MODULE_NOT_FOUND' || code === 'ERR_UNKNOWN_BUILTIN_MODULE') return 'not installed'
  return `${name} does not run here: ${message.split('\n', 1)[0]}`
}
