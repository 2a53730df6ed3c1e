import { expect, test } from 'vitest'

import { allCommands, COMMAND_NAMES, commandsBeside } from './all.ts'

test('every command is found by each of its names, and no other name is listed', async () => {
  const commands = await allCommands()
  const names = commands.flatMap(({ name, aliases = [] }) => [name, ...aliases])
  expect(COMMAND_NAMES.toSorted()).toEqual(names.toSorted())
  for (const command of commands) {
    for (const name of [command.name, ...(command.aliases ?? [])]) {
      expect(await commandsBeside(name)).toContain(command)
    }
  }
})
