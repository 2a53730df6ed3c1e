/**
 * What an examination gives: findings, each a line with what to do about it, and a verdict. Plain data.
 */
import type { ExitCode } from '../exit-codes.ts'

/** One thing that was looked at. */
export interface Finding {
  /** What was looked at, in a word. */
  readonly subject: string
  /** Whether it is as it should be; a `note` is worth knowing and keeps nothing from working. */
  readonly state: 'ok' | 'note' | 'bad'
  /** What was found, in a sentence without its stop. */
  readonly text: string
  /** What to do about it. */
  readonly advice?: string
}

/** What comes of all findings. */
export interface Verdict {
  readonly verdict: string
  /** The command to run next, or what to do where no command helps. */
  readonly next: string
  readonly code: ExitCode
}

/** An examination. */
export interface Diagnosis extends Verdict {
  readonly findings: readonly Finding[]
}

/** Takes down findings as they are made. */
export class Findings {
  readonly all: Finding[] = []

  /** It is as it should be. */
  ok(subject: string, text: string): void {
    this.all.push({ subject, state: 'ok', text })
  }

  /** It is worth knowing. */
  note(subject: string, text: string, advice?: string): void {
    this.#add(subject, 'note', text, advice)
  }

  /** It is wrong. */
  bad(subject: string, text: string, advice?: string): void {
    this.#add(subject, 'bad', text, advice)
  }

  #add(subject: string, state: Finding['state'], text: string, advice: string | undefined): void {
    this.all.push({ subject, state, text, ...(advice === undefined ? {} : { advice }) })
  }
}

/** Some names, and how many more there are. */
export function someOf(names: readonly string[]): string {
  const most = 3
  const rest = names.length - most
  return rest > 0 ? `${names.slice(0, most).join(', ')} and ${rest} more` : names.join(', ')
}
