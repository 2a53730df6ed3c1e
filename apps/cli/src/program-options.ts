/**
 * Options of the program, as against those of a command.
 */
import type { OptionDefinition } from './commands/command.ts'

/** Options of the program that may stand after a command, too. */
export const DATABASE_OPTIONS: readonly OptionDefinition[] = [
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

/** All options of the program. */
export const PROGRAM_OPTIONS: readonly OptionDefinition[] = [
  ...DATABASE_OPTIONS,
  { flags: '--keep-going', description: 'in a script: go on after a command that fails' },
]
