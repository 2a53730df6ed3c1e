/**
 * Help, made from the definitions of the commands.
 */
import { CHAPTERS, type ArgumentDefinition, type CommandDefinition, type Place } from './commands/command.ts'
import { EXIT } from './exit-codes.ts'
import { parserOf } from './parser.ts'
import { PROGRAM_OPTIONS } from './program-options.ts'

/** What `lsm --help` prints. */
export function programHelp(commands: readonly CommandDefinition[]): string {
  return `A database at your prompt: look into @lsm and LevelDB directories, and change them.

Usage: lsm [DIR]                    a prompt; or, where input is piped in, a script of commands, one a line
       lsm [DIR] COMMAND ...        one command

DIR is the directory of the database. Without it, the directory is that of --db, or of the environment variable
LSM_DB, or ./data.

Options:
${columns(OPTION_ROWS)}

${overview(commands, 'shell')}
Exit codes: ${EXIT.ok} done, ${EXIT.notFound} key not found, ${EXIT.usage} wrong usage or input, ${EXIT.locked} locked by \
another process, ${EXIT.corrupt} damaged,
${EXIT.failed} anything else that failed (no database, no room, read-only ...), ${EXIT.interrupted} interrupted.
Environment: LSM_DB, LSM_HISTORY (the prompt's history file; empty for none), LSM_DEBUG=1 (stack traces), NO_COLOR.
`
}

const OPTION_ROWS: readonly (readonly [string, string])[] = [
  ...PROGRAM_OPTIONS.map(({ flags, description }) => [flags, description] as const),
  ['-V, --version', 'the versions of lsm, of its engine and of Node'],
  ['-h, --help', 'this text; after a command, help for that command'],
]

/** The commands that can be used in a place, by chapter. */
export function overview(commands: readonly CommandDefinition[], place: Place): string {
  const known = commands.filter(({ places }) => places?.includes(place) !== false)
  const chapters = CHAPTERS.map(chapter => {
    const rows = known
      .filter(command => command.chapter === chapter)
      .map(command => [usage(command), command.summary] as const)
    return rows.length === 0 ? '' : `${chapter}:\n${columns(rows)}\n\n`
  })
  return `${chapters.join('')}More about one: ${place === 'shell' ? 'lsm help COMMAND' : 'help COMMAND'}\n`
}

/** What is to be known about a command. */
export function helpOf(definition: CommandDefinition, place: Place): string {
  return parserOf(definition, place).helpInformation()
}

/** A command with its words, such as `put <key> <value>`. */
function usage({ name, arguments: words }: CommandDefinition): string {
  return [name, ...words.map(word)].join(' ')
}

function word({ name, optional, many }: ArgumentDefinition): string {
  const text = many === true ? `${name}...` : name
  return optional === true ? `[${text}]` : `<${text}>`
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = 21
  return rows.map(([left, right]) => `  ${left.padEnd(width)} ${right}`).join('\n')
}
