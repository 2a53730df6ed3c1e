/**
 * From a word to the command that it names.
 */
import { UsageError } from '../failure.ts'
import { COMMAND_NAMES, commandsBeside } from './all.ts'
import type { CommandDefinition } from './command.ts'

/** Whether a word names a command. Case does not matter. */
export function namesCommand(word: string): boolean {
  return COMMAND_NAMES.includes(word.toLowerCase())
}

/** The command that a word names; throws {@link UsageError} with what may have been meant. */
export async function findCommand(word: string): Promise<CommandDefinition> {
  const name = word.toLowerCase()
  const commands = await commandsBeside(name)
  const found = commands.find(command => command.name === name || command.aliases?.includes(name) === true)
  if (found !== undefined) return found
  const close = COMMAND_NAMES.find(each => distance(name, each) <= (each.length < 4 ? 1 : 2))
  throw new UsageError(`'${word}' is no command; ${close === undefined ? 'see "help"' : `did you mean '${close}'?`}`)
}

/** Letters to put in, take out or change to make one word of the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]
}
