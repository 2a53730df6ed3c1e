/**
 * What was found when a database was examined. Plain data.
 *
 * Gathering it is here too, so that those who look need not know how a report is put together.
 */
import { LsmError } from '@lsm/base'
import type { FileKind } from '@lsm/manifest'

import type { DroppedBytes } from './recovery.ts'

/** One thing that is not as it must be. */
export interface VerifyProblem {
  /** The file's name inside the directory. */
  readonly file: string
  /** Where in the file, as far as it is known. */
  readonly offset: number
  /** What is wrong, in plain words. */
  readonly what: string
  /** What follows from it for whoever uses the database. */
  readonly effect: string
}

/** One file of the directory. */
export interface VerifiedFile {
  /** Its name inside the directory. */
  readonly file: string
  /** What it is by its name; `unknown` for one that is nobody's. */
  readonly kind: FileKind | 'unknown'
  /** Its size. */
  readonly bytes: number
  /**
   * Whether the database needs it: `live`, `leftover` for one of an earlier state, which the next open removes, or
   * `foreign` for one that is neither read nor removed.
   */
  readonly state: 'live' | 'leftover' | 'foreign'
  /** Entries in it, of a table or a log that is live. */
  readonly entries: number
  /** What is wrong with it. */
  readonly problems: readonly VerifyProblem[]
}

/** What `Database.verify` found. */
export interface VerifyReport {
  /** Whether there is no problem. The end of a log that a crash tore is none; see {@link VerifyReport.dropped}. */
  readonly ok: boolean
  /** Whether the files changed meanwhile: somebody has the database open, and the report may mix two states of it. */
  readonly changed: boolean
  /** Every file of the directory. */
  readonly files: readonly VerifiedFile[]
  /** Everything that is wrong, file by file. */
  readonly problems: readonly VerifyProblem[]
  /** Ends of logs that a crash may have torn; opening the database leaves them out. */
  readonly dropped: readonly DroppedBytes[]
  /** Live tables. */
  readonly tables: number
  /** Live logs. */
  readonly logs: number
  /** Entries in live tables and logs: every version of every key, deletions included. */
  readonly entries: number
  /** Deletions among them. */
  readonly deletions: number
  /** Bytes that were read. */
  readonly bytesRead: number
  /** The greatest sequence number that the MANIFEST or a log knows. */
  readonly lastSequence: number
}

/** How far a verification is. */
export interface VerifyProgress {
  /** The file that is being read. */
  readonly file: string
  /** Bytes read so far, of all files. */
  readonly bytesRead: number
  /** Bytes of the files that are to be read, as far as they are known. */
  readonly bytesTotal: number
}

/** Entries that were counted. */
export interface EntryCounts {
  entries: number
  deletions: number
}

/** Gathers problems, by file. */
export class Findings {
  readonly #problems = new Map<string, VerifyProblem[]>()
  /** See {@link VerifyReport.dropped}. */
  readonly dropped: DroppedBytes[] = []
  /** Entries of each file that was counted. */
  readonly counts: Map<string, EntryCounts> = new Map()

  /** Notes a problem. */
  add(file: string, offset: number, what: string, effect: string): void {
    const problems = this.#problems.get(file) ?? []
    problems.push({ file, offset, what, effect })
    this.#problems.set(file, problems)
  }

  /** Notes damage that was met as an error; throws on what is no damage. */
  addError(error: unknown, file: string, effect: string): void {
    if (!isDamage(error)) throw error
    this.add(error.file ?? file, error.offset ?? 0, withoutPlace(error), effect)
  }

  /** The problems of one file. */
  of(file: string): readonly VerifyProblem[] {
    return this.#problems.get(file) ?? []
  }

  /** The problems of all files. */
  all(): VerifyProblem[] {
    return [...this.#problems.values()].flat()
  }
}

/** Whether an error says that bytes on disk are not what they must be, and not that they could not be had. */
export function isDamage(error: unknown): error is LsmError {
  return error instanceof LsmError && ['LSM_CORRUPTION', 'LSM_NOT_SUPPORTED', 'LSM_NOT_FOUND'].includes(error.code)
}

/** The message without the place at its end, which a report has in fields of its own. */
export function withoutPlace({ message, file }: LsmError): string {
  const at = file === undefined ? -1 : message.lastIndexOf(` (${file}`)
  return at < 0 ? message : message.slice(0, at)
}
