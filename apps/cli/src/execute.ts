/**
 * Running a command: what the shell, scripts and the prompt have in common.
 */
import type { CommandDefinition, Given, Place } from './commands/command.ts'
import type { ExitCode } from './exit-codes.ts'
import type { Reporter } from './report.ts'
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
