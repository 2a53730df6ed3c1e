/**
 * One run of the program, from its arguments to its exit code.
 */
import { parseCommand, parseProgram, withOptions, type Invocation } from './arguments.ts'
import { findCommand } from './commands/find.ts'
import { execute } from './execute.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { Output } from './output.ts'
import { report, type Reporter } from './report.ts'
import { Session } from './session.ts'
import type { Surroundings } from './streams.ts'

/**
 * Runs the program.
 *
 * @param words - its arguments, as after `lsm` on the command line.
 * @returns the exit code; failures have been reported.
 */
export async function run(words: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { stdout, stderr, env, interrupt } = surroundings
  const output = new Output(stdout, stderr, env)
  const reporter: Reporter = { output, debug: (env['LSM_DEBUG'] ?? '') !== '' }
  try {
    const invocation = await parseProgram(words, env)
    if (invocation.asks === 'command') return await runCommand(invocation, surroundings, reporter)
    if (invocation.asks === 'session') return await runSession(invocation, surroundings, reporter)
    await output.write(await about(invocation.asks))
    await output.flush()
    return EXIT.ok
  } catch (error) {
    return report(error, reporter, interrupt)
  }
}

async function about(what: 'help' | 'version'): Promise<string> {
  if (what === 'version') return (await import('./version.ts')).versions()
  const [{ programHelp }, { allCommands }] = await Promise.all([import('./help.ts'), import('./commands/all.ts')])
  return programHelp(await allCommands())
}

async function runCommand(
  { words, settings }: Invocation,
  surroundings: Surroundings,
  reporter: Reporter,
): Promise<ExitCode> {
  const [name, ...rest] = words
  const command = await findCommand(name)
  const call = await parseCommand(command, rest, 'shell')
  if ('help' in call) {
    await reporter.output.write(call.help)
    await reporter.output.flush()
    return EXIT.ok
  }
  const session = new Session(withOptions(settings, call.options), false)
  return closing(session, () =>
    execute(command, call.given, {
      ...reporter,
      session,
      place: 'shell',
      signal: surroundings.interrupt,
      input: () => surroundings.stdin,
    }),
  )
}

async function runSession({ settings }: Invocation, surroundings: Surroundings, reporter: Reporter): Promise<ExitCode> {
  const { stdin, interrupt } = surroundings
  const session = new Session(settings, true)
  if (stdin.isTTY === true) {
    const { runPrompt } = await import('./prompt.ts')
    return closing(session, () => runPrompt(surroundings, reporter, session))
  }
  const { runScript } = await import('./script.ts')
  const around = { ...reporter, session, signal: interrupt }
  return closing(session, () => runScript(stdin, settings.keepGoing, around))
}

/** Closes the session whatever happens. A failure to close counts, but not more than one before it. */
async function closing(session: Session, action: () => Promise<ExitCode>): Promise<ExitCode> {
  let result: ExitCode
  try {
    result = await action()
  } catch (error) {
    await session.close().catch(() => undefined)
    throw error
  }
  await session.close()
  return result
}
