/**
 * What the Tab key offers: commands, their options, and keys of the database.
 */
import { quoteWord } from './command-line.ts'
import type { CommandDefinition } from './commands/command.ts'

/** Keys that begin with a text, some of them. */
export type KeyLookup = (prefix: string) => Promise<readonly string[]>

/** What may stand in place of the last word of a line, and that word. Lines with quotes are left alone. */
export async function complete(
  line: string,
  commands: readonly CommandDefinition[],
  keysWith: KeyLookup,
): Promise<[string[], string]> {
  const words = line.trimStart().split(/\s+/)
  const word = words.at(-1) ?? ''
  if (/["'\\]/.test(line)) return [[], word]
  if (words.length === 1) return [startingWith(word, commandNames(commands)), word]
  const [name] = words
  const command = commands.find(each => [each.name, ...(each.aliases ?? [])].includes(name.toLowerCase()))
  if (command === undefined) return [[], word]
  if (word.startsWith('-')) return [startingWith(word, command.options.map(longFlag)), word]
  const position = words.slice(1, -1).filter(each => !each.startsWith('-')).length
  const argument = command.arguments[position] ?? command.arguments.findLast(({ many }) => many === true)
  if (argument?.completes === 'command') return [startingWith(word, commandNames(commands)), word]
  if (argument?.completes !== 'key') return [[], word]
  return [(await keysWith(word)).map(key => `${quoteWord(key)} `), word]
}

function commandNames(commands: readonly CommandDefinition[]): string[] {
  return commands.filter(({ places }) => places?.includes('prompt') !== false).map(({ name }) => name)
}

function startingWith(word: string, names: readonly string[]): string[] {
  return names.filter(name => name.startsWith(word.toLowerCase())).map(name => `${name} `)
}

function longFlag({ flags }: { readonly flags: string }): string {
  return /--[a-z-]+/.exec(flags)?.[0] ?? flags
}
