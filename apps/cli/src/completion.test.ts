import { expect, test } from 'vitest'

import { allCommands } from './commands/all.ts'
import { complete } from './completion.ts'

const commands = await allCommands()
const KEYS = ['apple', 'apple pie', 'pear']

test.each([
  ['', 'help '],
  ['sc', 'scan '],
  ['SC', 'scan '],
  ['get a', 'apple '],
  ['get a', "'apple pie' "],
  ['get --raw p', 'pear '],
  ['del apple p', 'pear '],
  ['scan --pre', '--prefix '],
  ['help de', 'delete '],
])('%j may become %j', async (line, completion) => {
  const [found] = await complete(line, commands, async prefix => KEYS.filter(key => key.startsWith(prefix)))
  expect(found).toContain(completion)
})

test.each(['destr', 'get apple a', 'nonsense a', 'get "a', 'count a'])('%j has no completion', async line => {
  expect((await complete(line, commands, async () => KEYS))[0]).toEqual([])
})
