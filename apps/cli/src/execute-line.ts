/**
 * A line of a script or of the prompt, from its words to its exit code.
 */
import { parseCommand } from './arguments.ts'
import { findCommand } from './commands/find.ts'
import { splitLine } from './command-line.ts'
import { execute, type Circumstances } from './execute.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { report } from './report.ts'

/** Runs a line, and reports its failure. `undefined` if there is no command in it. */
export async function executeLine(line: string, around: Circumstances, label = ''): Promise<ExitCode | undefined> {
  try {
    const [name, ...words] = splitLine(line)
    if (name === undefined) return undefined
    const command = await findCommand(name)
    const call = await parseCommand(command, words, around.place)
    if ('given' in call) return await execute(command, call.given, around)
    await around.output.write(call.help)
    await around.output.flush()
    return EXIT.ok
  } catch (error) {
    return report(error, around, around.signal, label)
  }
}
