/**
 * A line of the prompt or of a script, cut into words the way a shell does it, but for expansions: there are none.
 *
 *     a b            two words
 *     'a b'          one word; nothing is special between single quotes
 *     "a \"b\"\n"    one word; `\"`, `\\`, `\n`, `\r`, `\t`, `\0` and `\u{…}` between double quotes
 *     a\ b           one word; a backslash outside quotes makes the next character ordinary
 *     # note         nothing: `#` at the beginning of a word begins a comment
 */
import { UsageError } from './failure.ts'

const DOUBLE_QUOTED: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['0', '\0'],
  ['\\', '\\'],
  ['"', '"'],
])

/** The words of a line; throws {@link UsageError} where quotes do not end. */
export function splitLine(line: string): string[] {
  return new Splitter(line).words()
}

/** A word in such a way that {@link splitLine} gives it back. */
export function quoteWord(word: string): string {
  if (/^[\p{L}\p{N}_.,:;@%+=/~^-]+$/u.test(word)) return word
  return word.includes("'") ? `"${word.replaceAll(/[\\"]/g, '\\$&')}"` : `'${word}'`
}

/** Walks over a line once. */
class Splitter {
  readonly #line: string
  #at = 0

  constructor(line: string) {
    this.#line = line
  }

  words(): string[] {
    const words: string[] = []
    for (;;) {
      while (this.#isSpace()) this.#at++
      if (this.#at >= this.#line.length || this.#line[this.#at] === '#') return words
      words.push(this.#word())
    }
  }

  #isSpace(): boolean {
    return this.#at < this.#line.length && /\s/.test(this.#line[this.#at])
  }

  #word(): string {
    let word = ''
    while (this.#at < this.#line.length && !this.#isSpace()) {
      const character = this.#take()
      if (character === "'") word += this.#singleQuoted()
      else if (character === '"') word += this.#doubleQuoted()
      else
        word += character === '\\' ? this.#take('a backslash at the end of the line has nothing to act on') : character
    }
    return word
  }

  #singleQuoted(): string {
    const end = this.#line.indexOf("'", this.#at)
    if (end < 0) throw new UsageError("a single quote (') is not closed")
    const text = this.#line.slice(this.#at, end)
    this.#at = end + 1
    return text
  }

  #doubleQuoted(): string {
    let text = ''
    for (;;) {
      const character = this.#take('a double quote (") is not closed')
      if (character === '"') return text
      text += character === '\\' ? this.#escape() : character
    }
  }

  #escape(): string {
    const name = this.#take('a double quote (") is not closed')
    if (name === 'u') return this.#codePoint()
    const character = DOUBLE_QUOTED.get(name)
    if (character !== undefined) return character
    throw new UsageError(`\\${name} is no escape between double quotes; for bytes there are --hex and --base64`)
  }

  #codePoint(): string {
    const [whole, digits] = /^\{([0-9a-f]{1,6})\}/i.exec(this.#line.slice(this.#at, this.#at + 8)) ?? []
    const code = Number.parseInt(digits ?? '', 16)
    if (whole === undefined || code > 0x10_ffff)
      throw new UsageError(String.raw`\u needs a code point in braces: \u{e9}`)
    this.#at += whole.length
    return String.fromCodePoint(code)
  }

  #take(otherwise = ''): string {
    if (this.#at >= this.#line.length) throw new UsageError(otherwise)
    return this.#line[this.#at++]
  }
}
