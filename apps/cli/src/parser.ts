/**
 * The parser of command lines that says what is wrong with them, and writes help. Loaded only where that is needed.
 */
import { Command, CommanderError } from 'commander'

import type { CommandDefinition, Place } from './commands/command.ts'
import { UsageError } from './failure.ts'
import { DATABASE_OPTIONS, PROGRAM_OPTIONS } from './program-options.ts'
import type { TakenApart } from './words.ts'

/** The options of the program at the beginning of a line, and the words behind them. */
export function parseLeading(words: readonly string[]): TakenApart {
  const program = quiet(new Command('lsm')).passThroughOptions().argument('[words...]').helpOption(false)
  for (const { flags, description } of PROGRAM_OPTIONS) program.option(flags, description)
  program.option('-h, --help').option('-V, --version')
  try {
    program.parse(words, { from: 'user' })
  } catch (error) {
    throw usageError(error, 'lsm --help')
  }
  return { options: program.opts(), words: program.args }
}

/** The options and words of a command; or its help, if that was asked for. */
export function parseWords(
  definition: CommandDefinition,
  words: readonly string[],
  place: Place,
): TakenApart | { readonly help: string } {
  const parser = parserOf(definition, place)
  let help = ''
  parser.configureOutput({ writeOut: text => (help += text), writeErr: () => {} })
  try {
    parser.parse(words, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError && error.code === 'commander.helpDisplayed') return { help }
    throw usageError(error, `${place === 'shell' ? 'lsm help' : 'help'} ${definition.name}`)
  }
  return { options: parser.opts(), words: parser.args }
}

/** The parser of a command, which writes its help, too. */
export function parserOf(definition: CommandDefinition, place: Place): Command {
  const alone = definition.standsAlone === true
  const command = alone ? `lsm ${definition.name}` : `lsm [DIR] ${definition.name}`
  const parser = quiet(new Command(place === 'shell' ? command : definition.name)).description(
    descriptionOf(definition),
  )
  for (const { name, description, optional, many } of definition.arguments) {
    const word = many === true ? `${name}...` : name
    parser.argument(optional === true ? `[${word}]` : `<${word}>`, description)
  }
  for (const { flags, description } of definition.options) parser.option(flags, description)
  if (place !== 'shell' || alone) return parser
  parser.optionsGroup('Options of the program:')
  for (const { flags, description } of DATABASE_OPTIONS) parser.option(flags, description)
  return parser
}

function descriptionOf({ summary, details, aliases = [] }: CommandDefinition): string {
  const also = aliases.length === 0 ? [] : [`Also called ${aliases.join(', ')}.`]
  // The parser breaks lines where the terminal ends.
  const paragraph = details === undefined ? [] : [details.replaceAll('\n', ' ')]
  return [`${summary[0].toUpperCase()}${summary.slice(1)}.`, ...also, ...paragraph].join('\n\n')
}

/** A parser that throws instead of ending the process, and prints nothing by itself. */
function quiet(parser: Command): Command {
  return parser.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} })
}

function usageError(error: unknown, seeAlso: string): unknown {
  if (!(error instanceof CommanderError)) return error
  const message = error.message
    .replace(/^error: /, '')
    .replace(/\.$/, '')
    .replaceAll('\n', ' ')
  return new UsageError(`${message}; see "${seeAlso}"`)
}
