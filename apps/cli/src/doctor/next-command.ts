/**
 * Commands to type, as advice.
 */

/** The command line for a database, as a shell takes it. */
export function commandFor(directory: string, command: string): string {
  return `lsm ${shellWord(directory)} ${command}`
}

/** A word as a shell takes it. */
export function shellWord(word: string): string {
  return /^[\w.,:@%+=/~^-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
