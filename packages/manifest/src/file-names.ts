/**
 * The names of the files of a database, and what they say.
 *
 *     CURRENT            the name of the live manifest
 *     MANIFEST-000004    which tables there are           log format, version edits
 *     000005.log         writes not yet in a table        log format, write batches
 *     000006.ldb         a table                          .sst if LevelDB before 1.14 wrote it
 *     000007.dbtmp       half of a replacement of CURRENT
 *     LOCK               held by the owner
 *     LOG, LOG.old       text for people
 *
 * 1. Numbers have at least six digits; order files by number, never by name.
 * 2. Any other name is nobody's: it is neither read nor removed.
 */

/** Holds the name of the live manifest and a newline. */
export const CURRENT = 'CURRENT'
/** Held by the owner of the directory. */
export const LOCK = 'LOCK'

/** What a file in a database directory is. */
export type FileKind = 'log' | 'table' | 'manifest' | 'temporary' | 'current' | 'lock' | 'info'

/** What the name of a file says. */
export interface FileName {
  /** What the file is. */
  readonly kind: FileKind
  /** 0 for the kinds that have no number. */
  readonly number: number
}

const FIXED_NAMES = new Map<string, FileKind>([
  [CURRENT, 'current'],
  [LOCK, 'lock'],
  ['LOG', 'info'],
  ['LOG.old', 'info'],
])

const KINDS = new Map<string, FileKind>([
  ['log', 'log'],
  ['ldb', 'table'],
  ['sst', 'table'],
  ['dbtmp', 'temporary'],
])

/** The name of a write-ahead log. */
export function logFileName(number: number): string {
  return `${digits(number)}.log`
}

/** The name of a table. */
export function tableFileName(number: number): string {
  return `${digits(number)}.ldb`
}

/** The name that LevelDB before 1.14 gave to a table. Look for it where there is none of the usual name. */
export function legacyTableFileName(number: number): string {
  return `${digits(number)}.sst`
}

/** The name of a manifest. */
export function manifestFileName(number: number): string {
  return `MANIFEST-${digits(number)}`
}

/** What a name says; `undefined` if it is not exactly a name that a database gives. */
export function parseFileName(name: string): FileName | undefined {
  const fixed = FIXED_NAMES.get(name)
  if (fixed !== undefined) return { kind: fixed, number: 0 }
  const [, manifest, numbered, extension] = /^(?:MANIFEST-(\d+)|(\d+)\.(log|ldb|sst|dbtmp))$/.exec(name) ?? []
  const text = manifest ?? numbered
  const kind = manifest === undefined ? KINDS.get(extension) : 'manifest'
  const number = Number(text)
  if (kind === undefined || !Number.isSafeInteger(number) || digits(number) !== text) return undefined
  return { kind, number }
}

function digits(number: number): string {
  return String(number).padStart(6, '0')
}
