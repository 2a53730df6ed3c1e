/**
 * The command line: options of the program, the directory, a command with its own options and words.
 *
 *     lsm [option …] [DIR] [option …] [command [option | word] …]
 *
 * The directory is the one of `--db`; else the first word, if it is not the name of a command; else the one that
 * `LSM_DB` names; else `./data`. Options of the program may stand before the command; those about the database also
 * after it, and the last one counts.
 */
import { Command, CommanderError } from 'commander'

import { Given, type CommandDefinition, type OptionDefinition, type Place } from './commands/command.ts'
import { namesCommand } from './commands/find.ts'
import { choiceOption, countOption, sizeOption, STRATEGY_NAMES, type StrategyName } from './commands/options.ts'
import { UsageError } from './failure.ts'

/** The directory, where nothing names another one. */
const DEFAULT_DIRECTORY = './data'

/** Threads that the engine takes. */
const MOST_WORKERS = 64

/** Options of the program that may stand after a command, too. */
const DATABASE_OPTIONS: readonly OptionDefinition[] = [
  { flags: '--db <dir>', description: 'the directory of the database' },
  { flags: '--read-only', description: 'refuse to write, and take no lock' },
  { flags: '--create', description: 'create the database if it is not there, even to read it' },
  {
    flags: '--strategy <name>',
    description: 'how what is written is compacted: leveled (if not said), tiered or fifo',
  },
  { flags: '--fifo-max <size>', description: 'with --strategy fifo: the oldest data beyond this size is dropped' },
  { flags: '--workers <count>', description: 'threads for background work; 0 for none' },
]

/** Options of the program, as against those of a command. */
export const PROGRAM_OPTIONS: readonly OptionDefinition[] = [
  ...DATABASE_OPTIONS,
  { flags: '--keep-going', description: 'in a script: go on after a command that fails' },
]

/** How the program was asked to treat the database. */
export interface Settings {
  readonly directory: string
  readonly readOnly: boolean
  readonly create: boolean
  readonly keepGoing: boolean
  readonly engine: EngineSettings
}

/** What the engine is told where a database is opened to be written to, by the names that it has there. */
export interface EngineSettings {
  readonly strategy?: StrategyName
  readonly fifoMaxBytes?: number
  readonly workers?: number
}

/** What the command line asks for. */
export interface Invocation {
  readonly asks: 'help' | 'version' | 'command' | 'session'
  readonly settings: Settings
  /** The command and what follows it. */
  readonly words: readonly string[]
}

type Options = Readonly<Record<string, unknown>>

/** Takes a command line apart, down to the name of the command. */
export function parseProgram(
  words: readonly string[],
  commands: readonly CommandDefinition[],
  env: NodeJS.ProcessEnv,
): Invocation {
  let { options, rest } = leadingOptions(words)
  let directory = (env['LSM_DB'] ?? '') === '' ? DEFAULT_DIRECTORY : (env['LSM_DB'] as string)
  if (rest.length > 0 && options['db'] === undefined && !namesCommand(rest[0], commands)) {
    directory = rest[0]
    const after = leadingOptions(rest.slice(1))
    options = { ...options, ...after.options }
    rest = after.rest
  }
  if (directory === '') throw new UsageError('the name of a directory must not be empty')
  const settings = withOptions({ directory, readOnly: false, create: false, keepGoing: false, engine: {} }, options)
  const asks = rest.length > 0 ? 'command' : 'session'
  return {
    asks: options['version'] === true ? 'version' : options['help'] === true ? 'help' : asks,
    settings,
    words: rest,
  }
}

/** Settings changed by what options of the program say. */
export function withOptions(settings: Settings, options: Options): Settings {
  const { directory, readOnly, create, keepGoing, engine } = settings
  const changed = {
    directory: typeof options['db'] === 'string' ? options['db'] : directory,
    readOnly: readOnly || options['readOnly'] === true,
    create: create || options['create'] === true,
    keepGoing: keepGoing || options['keepGoing'] === true,
    engine: { ...engine, ...engineSettings(new Given([], options)) },
  }
  if (changed.readOnly && changed.create) throw new UsageError('--read-only and --create exclude each other')
  return changed
}

function engineSettings(given: Given): EngineSettings {
  const strategy = choiceOption(given, 'strategy', STRATEGY_NAMES)
  const fifoMaxBytes = sizeOption(given, 'fifoMax', 1)
  const workers = countOption(given, 'workers', 0, MOST_WORKERS)
  return {
    ...(strategy === undefined ? {} : { strategy }),
    ...(fifoMaxBytes === undefined ? {} : { fifoMaxBytes }),
    ...(workers === undefined ? {} : { workers }),
  }
}

function leadingOptions(words: readonly string[]): { options: Options; rest: readonly string[] } {
  const program = quiet(new Command('lsm')).passThroughOptions().argument('[words...]').helpOption(false)
  for (const { flags, description } of PROGRAM_OPTIONS) program.option(flags, description)
  program.option('-h, --help').option('-V, --version')
  try {
    program.parse(words, { from: 'user' })
  } catch (error) {
    throw usageError(error, 'lsm --help')
  }
  return { options: program.opts(), rest: program.args }
}

/** A command's words and options as it was called with them; or its help, if that was asked for. */
export type Call = { readonly given: Given; readonly options: Options } | { readonly help: string }

/** Checks words and options against a command's definition. */
export function parseCommand(definition: CommandDefinition, words: readonly string[], place: Place): Call {
  if (definition.places?.includes(place) === false) {
    throw new UsageError(`'${definition.name}' is a command for the ${definition.places.join(' and the ')} only`)
  }
  const parser = parserOf(definition, place)
  let help = ''
  parser.configureOutput({ writeOut: text => (help += text), writeErr: () => {} })
  try {
    parser.parse(words, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError && error.code === 'commander.helpDisplayed') return { help }
    throw usageError(error, `${place === 'shell' ? 'lsm help' : 'help'} ${definition.name}`)
  }
  return { given: new Given(parser.args, parser.opts()), options: parser.opts() }
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
