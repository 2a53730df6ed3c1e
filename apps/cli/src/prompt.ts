/**
 * The prompt: a line, its command, and the next line.
 *
 * 1. Everything but data goes to standard error, the prompt itself included: `lsm DIR > file` works.
 * 2. Ctrl-C ends the command that runs, else it drops the line; the second one on an empty line leaves.
 * 3. Ctrl-D, `exit` and `quit` leave.
 */
import { createInterface, type Interface } from 'node:readline/promises'

import { textOf } from './bytes-text.ts'
import { allCommands } from './commands/all.ts'
import type { ByteDatabase } from './commands/command.ts'
import { afterPrefix } from './commands/range.ts'
import { plural } from './commands/recovery-sentences.ts'
import { complete } from './completion.ts'
import { executeLine } from './execute-line.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { History, HISTORY_SIZE } from './history.ts'
import type { Reporter } from './report.ts'
import type { Session } from './session.ts'
import type { Surroundings } from './streams.ts'
import { versionOf } from './version.ts'

/** Keys that completion offers. */
const MOST_KEYS = 50

/** Longer keys are not offered. */
const LONGEST_KEY = 200

/** Runs the prompt until the user leaves. */
export async function runPrompt(
  { stdin, stderr, env }: Surroundings,
  reporter: Reporter,
  session: Session,
): Promise<ExitCode> {
  const database = await session.open(session.readOnly ? 'read' : 'create')
  reporter.output.say(banner(database, session.directory))
  const commands = await allCommands()
  const history = new History(env)
  const lines = createInterface({
    input: stdin,
    output: stderr,
    terminal: true,
    prompt: reporter.output.dim('lsm> '),
    history: history.lines,
    historySize: HISTORY_SIZE,
    removeHistoryDuplicates: true,
    completer: (line: string) => complete(line, commands, prefix => keysWith(database, prefix)),
  })
  return new Prompt(lines, history, reporter, session).run()
}

function banner(database: ByteDatabase, directory: string): string {
  const { created, entries } = database.recovery
  const tables = database.stats().levels.reduce((sum, level) => sum + level.tables, 0)
  const found = `${plural(tables, 'table', 'tables')}, ${plural(entries, 'entry', 'entries')} recovered from the log`
  const state = created ? 'a new database' : found
  const manner = database.readOnly ? ', read-only' : ''
  return `lsm ${versionOf('@lsm/cli')}, ${directory}: ${state}${manner}. Type "help" for help, Ctrl-D to leave.`
}

/** Some keys that begin with a text and are text. */
async function keysWith(database: ByteDatabase, prefix: string): Promise<string[]> {
  const gte = Buffer.from(prefix)
  const end = afterPrefix(gte)
  const keys = await database.keys({ gte, limit: MOST_KEYS, ...(end === undefined ? {} : { lt: end }) }).all()
  return keys.filter(key => key.length <= LONGEST_KEY).flatMap(key => textOf(key) ?? [])
}

/** A prompt that is running. */
class Prompt {
  readonly #lines: Interface
  readonly #history: History
  readonly #reporter: Reporter
  readonly #session: Session
  /** Ends the command that runs. */
  #running: AbortController | undefined
  /** Whether the last thing that happened was Ctrl-C. */
  #warned = false
  #result: ExitCode = EXIT.ok
  /** Whether a command ended the prompt. */
  #left = false

  constructor(lines: Interface, history: History, reporter: Reporter, session: Session) {
    this.#lines = lines
    this.#history = history
    this.#reporter = reporter
    this.#session = session
  }

  async run(): Promise<ExitCode> {
    let open = true
    this.#lines.on('SIGINT', () => this.#interrupt())
    this.#lines.on('close', () => (open = false))
    this.#lines.prompt()
    for await (const line of this.#lines) {
      this.#warned = false
      this.#history.add(line)
      await this.#execute(line)
      if (open) this.#lines.prompt()
    }
    // Ctrl-D and Ctrl-C leave the cursor behind the prompt.
    if (!this.#left) this.#reporter.output.say('')
    return this.#result
  }

  async #execute(line: string): Promise<void> {
    const running = new AbortController()
    this.#running = running
    try {
      await executeLine(line, {
        ...this.#reporter,
        session: this.#session,
        place: 'prompt',
        signal: running.signal,
        leave: () => {
          this.#left = true
          this.#lines.close()
        },
      })
    } finally {
      this.#running = undefined
    }
  }

  #interrupt(): void {
    const { output } = this.#reporter
    if (this.#running !== undefined) {
      this.#running.abort()
      output.say(output.dim('(interrupted)'))
    } else if (this.#warned && this.#lines.line === '') {
      this.#result = EXIT.interrupted
      this.#lines.close()
    } else {
      this.#dropLine()
    }
  }

  #dropLine(): void {
    const { output } = this.#reporter
    this.#warned = true
    this.#lines.write(null, { ctrl: true, name: 'e' })
    this.#lines.write(null, { ctrl: true, name: 'u' })
    output.say(output.dim('(Ctrl-C again, Ctrl-D or "exit" leaves)'))
    this.#lines.prompt()
  }
}
