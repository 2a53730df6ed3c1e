/**
 * Options and words of a command line in which nothing is wrong.
 *
 *     word   --flag   --name value   --name=value
 *
 * Whatever else there is, from `--help` to a mistake, is for the parser with all its messages, in `parser`: loading that
 * costs as much as a small command itself. What is taken apart here is taken apart there in the same way.
 */
import type { OptionDefinition } from './commands/command.ts'

/** What a command line was taken apart into. */
export interface TakenApart {
  /** By the names that flags have in camelCase: `true`, or the value. */
  readonly options: Readonly<Record<string, unknown>>
  readonly words: readonly string[]
}

/**
 * Takes words apart; `undefined` where that is for the parser.
 *
 * @param upToWord - whether the first word that is no option ends it, and all from there on are words.
 */
export function takeApart(
  line: readonly string[],
  definitions: readonly OptionDefinition[],
  upToWord: boolean,
): TakenApart | undefined {
  const options: Record<string, unknown> = {}
  const words: string[] = []
  for (let i = 0; i < line.length; i++) {
    const word = line[i]
    if (!word.startsWith('-') || word === '-') {
      if (upToWord) return { options, words: line.slice(i) }
      words.push(word)
      continue
    }
    const equals = word.indexOf('=')
    const flag = equals < 0 ? word : word.slice(0, equals)
    const definition = definitions.find(({ flags }) => flags === flag || flags.startsWith(`${flag} <`))
    if (definition === undefined) return undefined
    const takesValue = definition.flags !== flag
    if (!takesValue && equals >= 0) return undefined
    if (takesValue && equals < 0 && (i + 1 === line.length || line[i + 1].startsWith('-'))) return undefined
    options[nameOf(flag)] = !takesValue || (equals < 0 ? line[++i] : word.slice(equals + 1))
  }
  return { options, words }
}

/** `--key-hex` is `keyHex`. */
function nameOf(flag: string): string {
  return flag.slice(2).replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
