/**
 * Commands about the database as a whole: flush, stats, recovery, destroy.
 */
import { readdir } from 'node:fs/promises'

import { LsmError } from '@lsm/base'
import type { DatabaseStats } from '@lsm/db'

import { formatSize } from '../byte-size.ts'
import { EXIT } from '../exit-codes.ts'
import type { CommandDefinition } from './command.ts'
import { JSON_DOCUMENT } from './options.ts'

const flush: CommandDefinition = {
  name: 'flush',
  chapter: 'The database',
  summary: 'make a table of what is only in memory and in the log',
  arguments: [],
  options: [],
  silent: true,
  async run({ open }) {
    await (await open('write')).flush()
    return EXIT.ok
  },
}

const stats: CommandDefinition = {
  name: 'stats',
  aliases: ['info'],
  chapter: 'The database',
  summary: 'show the database in numbers',
  details: `A table on a terminal, a JSON document elsewhere or with --json.
Counters begin when the database is opened: those of compactions and stalls tell something in the prompt and in scripts.
The score of a level says how urgent its compaction is: 1 and more asks for it.`,
  arguments: [],
  options: [JSON_DOCUMENT],
  async run({ open, output }, given) {
    const numbers = (await open('read')).stats()
    if (given.flag('json') || !output.terminal) await output.write(json(numbers))
    else {
      const [{ twoColumns }, { statsRows }] = await Promise.all([import('../table.ts'), import('./stats-rows.ts')])
      await output.write(twoColumns(statsRows(numbers)))
    }
    return EXIT.ok
  },
}

const recovery: CommandDefinition = {
  name: 'recovery',
  chapter: 'The database',
  summary: 'say what opening the database found, and what could not be used',
  arguments: [],
  options: [JSON_DOCUMENT],
  async run({ open, output }, given) {
    const report = (await open('read')).recovery
    const { recoverySentences } = await import('./recovery-sentences.ts')
    await output.write(given.flag('json') ? json(report) : `${recoverySentences(report).join('\n')}\n`)
    return EXIT.ok
  },
}

const destroy: CommandDefinition = {
  name: 'destroy',
  chapter: 'The database',
  summary: 'remove the database; without --yes, only say what would be removed',
  details: 'Removes the files of the database, and its directory if nothing else is in it. There is no way back.',
  arguments: [],
  options: [{ flags: '--yes', description: 'do it' }],
  places: ['shell'],
  async run({ directory, open, output }, given) {
    await checkDatabase(directory)
    if (!given.flag('yes')) {
      const total = sizeOf((await open('read')).stats())
      output.say(`this would remove the database in ${directory}: ${total}; add --yes to do it`)
      return EXIT.ok
    }
    const { Database } = await import('@lsm/db')
    await Database.destroy(directory)
    output.say(`removed the database in ${directory}`)
    return EXIT.ok
  },
}

/** Makes sure that a database is there: destroying removes files by their names. */
async function checkDatabase(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => [])
  if (names.some(name => name === 'CURRENT' || name.startsWith('MANIFEST-'))) return
  throw new LsmError('LSM_NOT_FOUND', `there is no database in ${directory}`)
}

function sizeOf({ levels, memtables }: DatabaseStats): string {
  const tables = levels.reduce((sum, level) => sum + level.tables, 0)
  const bytes = levels.reduce((sum, level) => sum + level.bytes, 0)
  return `${tables} tables of ${formatSize(bytes)} and ${memtables.entries} entries in its log`
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}

/** Commands about the database as a whole. */
export const UPKEEP_COMMANDS: readonly CommandDefinition[] = [flush, stats, recovery, destroy]
