/**
 * Commands about the commands: help and exit.
 */
import { EXIT } from '../exit-codes.ts'
import { allCommands } from './all.ts'
import type { CommandDefinition } from './command.ts'
import { findCommand } from './find.ts'

const help: CommandDefinition = {
  name: 'help',
  aliases: ['?'],
  chapter: 'The prompt',
  summary: 'list the commands, or explain one',
  arguments: [{ name: 'command', description: 'the command to explain', optional: true, completes: 'command' }],
  options: [],
  standsAlone: true,
  async run({ output, place }, given) {
    const { helpOf, overview } = await import('../help.ts')
    const [name] = given.words
    const text = name === undefined ? overview(await allCommands(), place) : helpOf(await findCommand(name), place)
    await output.write(text)
    return EXIT.ok
  },
}

const exit: CommandDefinition = {
  name: 'exit',
  aliases: ['quit'],
  chapter: 'The prompt',
  summary: 'leave',
  arguments: [],
  options: [],
  places: ['prompt', 'script'],
  async run({ leave }) {
    leave()
    return EXIT.ok
  },
}

/** Commands about the commands. */
export const GUIDE_COMMANDS: readonly CommandDefinition[] = [help, exit]
