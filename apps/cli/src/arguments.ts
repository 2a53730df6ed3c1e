/**
 * The command line: options of the program, the directory, a command with its own options and words.
 *
 *     lsm [option …] [DIR] [option …] [command [option | word] …]
 *
 * The directory is the one of `--db`; else the first word, if it is not the name of a command; else the one that
 * `LSM_DB` names; else `./data`. Options of the program may stand before the command; those about the database also
 * after it, and the last one counts.
 *
 * Plain lines are taken apart by `words`; whatever is wrong, or asks for help, is for `parser`.
 */
import { Given, type CommandDefinition, type OptionDefinition, type Place } from './commands/command.ts'
import { namesCommand } from './commands/find.ts'
import { choiceOption, countOption, sizeOption, STRATEGY_NAMES, type StrategyName } from './commands/options.ts'
import { UsageError } from './failure.ts'
import { DATABASE_OPTIONS, PROGRAM_OPTIONS } from './program-options.ts'
import { takeApart, type TakenApart } from './words.ts'

/** The directory, where nothing names another one. */
const DEFAULT_DIRECTORY = './data'

/** Threads that the engine takes. */
const MOST_WORKERS = 64

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
export async function parseProgram(words: readonly string[], env: NodeJS.ProcessEnv): Promise<Invocation> {
  let { options, words: rest } = await leadingOptions(words)
  let directory = (env['LSM_DB'] ?? '') === '' ? DEFAULT_DIRECTORY : (env['LSM_DB'] as string)
  if (rest.length > 0 && options['db'] === undefined && !namesCommand(rest[0])) {
    directory = rest[0]
    const after = await leadingOptions(rest.slice(1))
    options = { ...options, ...after.options }
    rest = after.words
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

async function leadingOptions(words: readonly string[]): Promise<TakenApart> {
  const plain = takeApart(words, PROGRAM_OPTIONS, true)
  return plain ?? (await import('./parser.ts')).parseLeading(words)
}

/** A command's words and options as it was called with them; or its help, if that was asked for. */
export type Call = { readonly given: Given; readonly options: Options } | { readonly help: string }

/** Checks words and options against a command's definition. */
export async function parseCommand(
  definition: CommandDefinition,
  words: readonly string[],
  place: Place,
): Promise<Call> {
  if (definition.places?.includes(place) === false) {
    throw new UsageError(`'${definition.name}' is a command for the ${definition.places.join(' and the ')} only`)
  }
  const plain = takeApart(words, optionsOf(definition, place), false)
  if (plain !== undefined && fits(plain.words.length, definition)) {
    return { given: new Given(plain.words, plain.options), options: plain.options }
  }
  const { parseWords } = await import('./parser.ts')
  const parsed = parseWords(definition, words, place)
  if ('help' in parsed) return parsed
  return { given: new Given(parsed.words, parsed.options), options: parsed.options }
}

/** The options that may stand after a command. */
function optionsOf({ options, standsAlone }: CommandDefinition, place: Place): readonly OptionDefinition[] {
  return place === 'shell' && standsAlone !== true ? [...options, ...DATABASE_OPTIONS] : options
}

/** Whether a command takes so many words. */
function fits(count: number, { arguments: words }: CommandDefinition): boolean {
  const least = words.filter(({ optional }) => optional !== true).length
  const most = words.at(-1)?.many === true ? Infinity : words.length
  return count >= least && count <= most
}
