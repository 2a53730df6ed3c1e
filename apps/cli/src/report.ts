/**
 * Failures on their way to the user.
 */
import { EXIT, type ExitCode } from './exit-codes.ts'
import { explain } from './failure.ts'
import type { Output } from './output.ts'

/** How failures are reported. */
export interface Reporter {
  readonly output: Output
  /** Whether to print stack traces. */
  readonly debug: boolean
}

/**
 * Says what went wrong and returns the exit code for it.
 *
 * @param signal - nothing is said of what failed because this fired.
 * @param label - what the message begins with, such as `line 3: `.
 */
export function report(error: unknown, { output, debug }: Reporter, signal: AbortSignal, label = ''): ExitCode {
  const { message, code } = explain(error)
  if (debug && error instanceof Error) output.say(error.stack ?? '')
  if (signal.aborted) return EXIT.interrupted
  if (message !== '') output.complain(label + message)
  return code
}
