/**
 * One command, from its words to its exit code: what the shell, scripts and the prompt have in common.
 */
import { parseCommand } from './arguments.ts'
import { COMMANDS } from './commands/all.ts'
import type { CommandDefinition, Given, Place } from './commands/command.ts'
import { findCommand } from './commands/find.ts'
import { splitLine } from './command-line.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { report, type Reporter } from './report.ts'
import type { Session } from './session.ts'
import type { InputStream } from './streams.ts'

/** What a command is run with. */
export interface Circumstances extends Reporter {
  readonly session: Session
  readonly place: Place
  readonly signal: AbortSignal
  /** Standard input, where commands may read it. */
  readonly input?: () => InputStream
  readonly leave?: () => void
}

/** Runs a command that has been parsed. Failures are thrown. */
export async function execute(command: CommandDefinition, given: Given, around: Circumstances): Promise<ExitCode> {
  const { session, place, output, signal, input, leave } = around
  const code = await command.run(
    {
      directory: session.directory,
      strategy: session.strategy,
      place,
      commands: COMMANDS,
      output,
      signal,
      input: () => input?.(),
      open: access => session.open(access),
      leave: leave ?? (() => {}),
    },
    given,
  )
  await output.flush()
  if (place === 'prompt' && command.silent === true) output.say(output.dim('ok'))
  return code
}

/** Runs a line of a script or of the prompt, and reports its failure. `undefined` if there is no command in it. */
export async function executeLine(line: string, around: Circumstances, label = ''): Promise<ExitCode | undefined> {
  try {
    const [name, ...words] = splitLine(line)
    if (name === undefined) return undefined
    const command = findCommand(name, COMMANDS)
    const call = parseCommand(command, words, around.place)
    if ('given' in call) return await execute(command, call.given, around)
    await around.output.write(call.help)
    await around.output.flush()
    return EXIT.ok
  } catch (error) {
    return report(error, around, around.signal, label)
  }
}
