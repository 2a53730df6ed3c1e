/**
 * What a command is. One definition serves the shell's command line, the prompt, scripts, `help` and completion.
 */
import type { Database } from '@lsm/db'

import type { ExitCode } from '../exit-codes.ts'
import type { Output } from '../output.ts'
import type { StrategyName } from './options.ts'

/** A database as commands use it: bytes to bytes. */
export type ByteDatabase = Database<Uint8Array, Uint8Array>

/**
 * What a command does to the database: `read` changes nothing and takes no lock, `write` changes one that is there,
 * `create` makes it where there is none.
 */
export type Access = 'read' | 'write' | 'create'

/** Where a command was typed. */
export type Place = 'shell' | 'script' | 'prompt'

/** A word that a command takes. */
export interface ArgumentDefinition {
  readonly name: string
  readonly description: string
  readonly optional?: true
  /** Whether all further words belong to it. */
  readonly many?: true
  /** What completion offers for it. */
  readonly completes?: 'key' | 'command'
}

/** An option that a command takes. */
export interface OptionDefinition {
  /** As in `--limit <count>`. */
  readonly flags: string
  readonly description: string
}

/** Chapters of the help, in their order. */
export const CHAPTERS = ['Reading', 'Writing', 'The database', 'The prompt'] as const

/** A command. */
export interface CommandDefinition {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly chapter: (typeof CHAPTERS)[number]
  /** One line, without a full stop. */
  readonly summary: string
  /** What else `help NAME` says. */
  readonly details?: string
  readonly arguments: readonly ArgumentDefinition[]
  readonly options: readonly OptionDefinition[]
  /** Where it can be used; everywhere, if it is not said. */
  readonly places?: readonly Place[]
  /** Whether it says nothing when all is well; the prompt then says "ok". */
  readonly silent?: true
  /** Whether it has nothing to do with a database: the shell then takes no options about one after it. */
  readonly standsAlone?: true
  run(context: Context, given: Given): Promise<ExitCode>
}

/** What surrounds a running command. */
export interface Context {
  /** The database's directory. */
  readonly directory: string
  /** How the program was told to compact, if it was. */
  readonly strategy: StrategyName | undefined
  readonly place: Place
  readonly output: Output
  /** Fires when the command is to stop. */
  readonly signal: AbortSignal
  /** Standard input, where it is the command's to read. */
  readonly input: () => AsyncIterable<Uint8Array | string> | undefined
  /** The database. Arguments are checked before, so that a mistake creates nothing. */
  readonly open: (access: Access) => Promise<ByteDatabase>
  /** Ends the prompt or the script after this command. */
  readonly leave: () => void
}

/** What a command was called with, checked against its definition. */
export class Given {
  /** The words, in the order of the definition's arguments; all of the last one's, if it takes many. */
  readonly words: readonly string[]
  readonly #options: Readonly<Record<string, unknown>>

  constructor(words: readonly string[], options: Readonly<Record<string, unknown>>) {
    this.words = words
    this.#options = options
  }

  /** Whether an option without a value was given; by the name that its flags have in camelCase. */
  flag(name: string): boolean {
    return this.#options[name] === true
  }

  /** The value of an option, if it was given. */
  text(name: string): string | undefined {
    const value = this.#options[name]
    return typeof value === 'string' ? value : undefined
  }
}
