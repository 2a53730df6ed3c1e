/**
 * Commands from standard input, one a line.
 *
 * 1. The script ends at the first command that fails, with its exit code; with `--keep-going` it goes on, and the exit
 *    code is that of the first failure.
 * 2. A key that is not there is an answer, not a failure: the script goes on. If nothing fails, the exit code tells.
 * 3. What a command writes is out before the next one begins.
 */
import type { Circumstances } from './execute.ts'
import { executeLine } from './execute-line.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { lines } from './lines.ts'

/** Runs the commands of a script. */
export async function runScript(
  source: AsyncIterable<Uint8Array | string>,
  keepGoing: boolean,
  around: Omit<Circumstances, 'place' | 'input' | 'leave'>,
): Promise<ExitCode> {
  let left = false
  let result: ExitCode = EXIT.ok
  const circumstances: Circumstances = { ...around, place: 'script', leave: () => (left = true) }
  for await (const { number, text } of lines(source)) {
    const code = (await executeLine(text, circumstances, `line ${number}: `)) ?? EXIT.ok
    if (around.signal.aborted) return EXIT.interrupted
    if (code !== EXIT.ok && code !== EXIT.notFound && !keepGoing) return code
    if (result === EXIT.ok || (result === EXIT.notFound && code !== EXIT.ok)) result = code
    if (left) break
  }
  return result
}
