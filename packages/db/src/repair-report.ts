/**
 * What a repair found, saved and lost. Plain data.
 */

/** A file that something was read from. */
export interface RepairedFile {
  /** Its name in the damaged database. */
  readonly file: string
  /** Entries that were read from it, deletions included. */
  readonly entries: number
  /** Blocks of a table, or batches of a log, that were read. */
  readonly parts: number
}

/** A stretch of a file that could not be saved. */
export interface LostStretch {
  /** The file's name in the damaged database. */
  readonly file: string
  /** Where the stretch begins. */
  readonly offset: number
  /** How long it is; 0 if that is not known. */
  readonly bytes: number
  /** What was wrong with it, in plain words. */
  readonly reason: string
}

/** What `Database.repair` did. */
export interface RepairReport {
  /** The directory of the new database. */
  readonly target: string
  /** Tables and logs that were read, oldest first. */
  readonly files: readonly RepairedFile[]
  /** Whether nothing was lost. */
  readonly complete: boolean
  /** Everything that was lost, file by file. */
  readonly lost: readonly LostStretch[]
  /** Entries that were lost with it: counted where the table says how many it had, else estimated. */
  readonly entriesLost: number
  /** Whether the MANIFEST could be read, so that it is known which files were needed. */
  readonly manifestRead: boolean
  /** What else should be known, in plain words. */
  readonly notes: readonly string[]
  /** Tables of the new database. */
  readonly tables: number
  /** Bytes in them. */
  readonly bytes: number
  /** Entries in them: the newest version of every key, deletions included. */
  readonly entries: number
  /** The greatest sequence number that was read. */
  readonly lastSequence: number
}
