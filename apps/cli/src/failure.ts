/**
 * What went wrong, as a sentence for a person and a number for a script.
 */
import { LsmError, type LsmErrorCode } from '@lsm/base'

import { EXIT, type ExitCode } from './exit-codes.ts'

/** A mistake in what the user typed, or in the input; its message says what is right. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError'
}

/** Nobody reads the output any more, as after `lsm DIR scan | head`: a reason to stop, and no failure. */
export class BrokenPipe extends Error {
  override readonly name: string = 'BrokenPipe'
}

/** A failure as it is reported. An empty message is not printed. */
export interface Explanation {
  readonly message: string
  readonly code: ExitCode
}

const CODES: ReadonlyMap<LsmErrorCode, ExitCode> = new Map<LsmErrorCode, ExitCode>([
  ['LSM_LOCKED', EXIT.locked],
  ['LSM_CORRUPTION', EXIT.corrupt],
  ['LSM_LIMIT', EXIT.usage],
  ['LSM_ABORTED', EXIT.interrupted],
])

const HINTS: ReadonlyMap<LsmErrorCode, string> = new Map<LsmErrorCode, string>([
  ['LSM_CORRUPTION', '"doctor" says more, and what to do.'],
  ['LSM_LOCKED', 'Reading commands (get, scan, stats ...) work meanwhile, and the prompt does with --read-only.'],
])

/** Makes a sentence and an exit code of anything that was thrown. */
export function explain(error: unknown): Explanation {
  if (error instanceof BrokenPipe) return { message: '', code: EXIT.ok }
  if (error instanceof UsageError) return { message: error.message, code: EXIT.usage }
  if (!(error instanceof Error)) return { message: String(error), code: EXIT.failed }
  if (!(error instanceof LsmError)) return { message: systemMessage(error), code: EXIT.failed }
  const code = CODES.get(error.code) ?? EXIT.failed
  if (code === EXIT.interrupted) return { message: '', code }
  const hint = HINTS.get(error.code)
  return { message: hint === undefined ? error.message : `${withStop(error.message)} ${hint}`, code }
}

/** A message of the system such as `ENOENT: no such file or directory, open 'a'`, taken apart. */
const SYSTEM_MESSAGE = /^[A-Z]\w+: (?<reason>.+?), (?<call>\w+)(?: (?<path>'.*'))?$/s

/** Why the system failed, in its own words but without codes. */
export function systemReason({ message }: Error): string {
  return SYSTEM_MESSAGE.exec(message)?.groups?.['reason'] ?? message
}

function systemMessage(error: Error): string {
  const { call, path } = SYSTEM_MESSAGE.exec(error.message)?.groups ?? {}
  if (error instanceof TypeError || error instanceof RangeError) {
    return `unexpected failure: ${error.message}. This is a fault of lsm; LSM_DEBUG=1 shows where`
  }
  return path === undefined ? error.message : `could not ${call} ${path}: ${systemReason(error)}`
}

function withStop(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`
}
