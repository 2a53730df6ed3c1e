/**
 * Which files of a damaged database a repair reads.
 *
 *     MANIFEST readable    the tables and logs that it names, and tables newer than it
 *     MANIFEST lost        every table and every log of the directory
 *
 * A table newer than the MANIFEST is what a job left that was cut short, and then holds nothing new; or the end of the
 * MANIFEST is lost, and then it holds what is nowhere else. Sequence numbers tell which version counts, so it may come in
 * either way.
 *
 * Does not look into tables and logs.
 */
import { LsmError, type Directory, type DirectoryEntry } from '@lsm/base'
import {
  CURRENT,
  legacyTableFileName,
  logFileName,
  parseFileName,
  tableFileName,
  VersionSet,
  type FileKind,
} from '@lsm/manifest'

import type { LostStretch } from './repair-report.ts'
import { isDamage, withoutPlace } from './verify-report.ts'

/** A table that is to be read. */
export interface PlannedTable {
  readonly number: number
  readonly name: string
  /** Its bytes: what the MANIFEST says, or else the file's. */
  readonly size: number
  /** Whether the MANIFEST could be read and does not know it yet: half a table is no loss then. */
  readonly isNewer: boolean
}

/** What a repair reads. */
export interface RepairPlan {
  readonly tables: readonly PlannedTable[]
  /** Names, oldest first. */
  readonly logs: readonly string[]
  readonly manifestRead: boolean
  /** The last sequence number that the MANIFEST knows; 0 without it. */
  readonly lastSequence: number
  /** What is known to be lost before anything is read. */
  readonly lost: readonly LostStretch[]
  readonly notes: readonly string[]
  /** Bytes in the directory. */
  readonly bytes: number
}

const ALL_READ =
  'Which tables and logs were needed is not known, so all of them were read. Data that had been deleted or dropped can be ' +
  'back, from files that were no longer needed and not yet removed.'

/** A file with a number. */
interface NumberedFile {
  readonly number: number
  readonly name: string
  readonly size: number
}

/**
 * Looks at a directory and its MANIFEST.
 *
 * @throws LsmError `LSM_NOT_FOUND` if there is nothing to repair, `LSM_NOT_SUPPORTED` for another order of keys.
 */
export async function planRepair(directory: Directory): Promise<RepairPlan> {
  const entries = (await directory.list()).filter(({ isFile }) => isFile)
  const bytes = entries.reduce((sum, { size }) => sum + size, 0)
  const tables = filesOf(entries, 'table')
  const logs = filesOf(entries, 'log')
  const lost: LostStretch[] = []
  const versions = await recover(directory, lost)
  if (versions !== undefined) return { ...planOf(versions, tables, logs, lost), lost, notes: [], bytes }
  if (tables.length + logs.length === 0) throw new LsmError('LSM_NOT_FOUND', 'there are no tables and no logs here')
  return {
    tables: tables.map(table => ({ ...table, isNewer: false })),
    logs: logs.map(({ name }) => name),
    manifestRead: false,
    lastSequence: 0,
    lost,
    notes: [ALL_READ],
    bytes,
  }
}

/** The files of a kind, by number. */
function filesOf(entries: readonly DirectoryEntry[], kind: FileKind): NumberedFile[] {
  const files = entries.flatMap(({ name, size }) => {
    const parsed = parseFileName(name)
    return parsed?.kind === kind ? [{ number: parsed.number, name, size }] : []
  })
  return files.sort((a, b) => a.number - b.number)
}

/** What the MANIFEST says; `undefined` if it cannot be read. */
async function recover(directory: Directory, lost: LostStretch[]): Promise<VersionSet | undefined> {
  try {
    const versions = await VersionSet.recover(directory)
    const { manifest, dropped } = versions.recovered
    for (const { offset, bytes, reason } of dropped) lost.push({ file: manifest, offset, bytes, reason })
    await versions.close()
    return versions
  } catch (error) {
    if (!isDamage(error) || error.code === 'LSM_NOT_SUPPORTED') throw error
    lost.push({ file: error.file ?? CURRENT, offset: error.offset ?? 0, bytes: 0, reason: withoutPlace(error) })
    return undefined
  }
}

/** The files that a MANIFEST needs; adds those that are missing to what is lost. */
function planOf(
  { current, nextFileNumber, logNumber, prevLogNumber, lastSequence }: VersionSet,
  tables: readonly NumberedFile[],
  logs: readonly NumberedFile[],
  lost: LostStretch[],
): Omit<RepairPlan, 'lost' | 'notes' | 'bytes'> {
  const names = new Set(tables.map(({ name }) => name))
  const missing = (file: string, reason: string): unknown => lost.push({ file, offset: 0, bytes: 0, reason })
  const needed: PlannedTable[] = []
  for (const { number, size } of current.files()) {
    const name = [tableFileName(number), legacyTableFileName(number)].find(other => names.has(other))
    if (name === undefined) missing(tableFileName(number), 'the table is missing')
    else needed.push({ number, name, size, isNewer: false })
  }
  if (logNumber > 0 && logs.every(({ number }) => number !== logNumber)) {
    missing(logFileName(logNumber), 'the log is missing')
  }
  const newer = tables.filter(({ number }) => number >= nextFileNumber).map(table => ({ ...table, isNewer: true }))
  const isNeeded = (number: number): boolean => number >= logNumber || (number > 0 && number === prevLogNumber)
  return {
    tables: [...needed, ...newer],
    logs: logs.filter(({ number }) => isNeeded(number)).map(({ name }) => name),
    manifestRead: true,
    lastSequence,
  }
}
