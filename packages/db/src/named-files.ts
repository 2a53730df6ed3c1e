/**
 * Is everything there that the MANIFEST names?
 *
 *     tables          each as a file of its size, or the open is refused
 *     the log         its number is the oldest that is needed. Missing, it is refused
 *                       · where the MANIFEST was begun here: a log is made, its name durable, before an edit names it
 *                       · where the logs that are left begin later than the tables end, whoever wrote them
 *                       · in the mode `strict`
 *                     and reported otherwise
 *     a torn record   is as if it had not been written, unless what lies about says that it had been whole
 *
 * 1. LevelDB makes a log before it names it, too. But it opens without, and its directories lose an empty log on their
 *    way through archives and stores that keep no empty files: whether anything is missing then, nothing says.
 * 2. Log number 0 names none: so it is between making a database and its first log, and in what LevelDB's repair makes.
 * 3. A newer log that no edit names yet can go without a trace, unless one behind it is left: that is a gap in the
 *    numbers of writes, which the replay refuses.
 *
 * Changes nothing. What an orderly close left is compared in `clean-close`.
 */
import { corruption, type DirectoryEntry } from '@lsm/base'
import { legacyTableFileName, logFileName, parseFileName, tableFileName, type VersionSet } from '@lsm/manifest'

import type { DroppedBytes, RecoveryMode, Replayed } from './recovery.ts'

/** Every table of the version must be there as a file of its size: better known now than at some read. */
export function checkTables(entries: readonly DirectoryEntry[], versions: VersionSet): void {
  const sizes = new Map(entries.filter(({ isFile }) => isFile).map(({ name, size }) => [name, size]))
  for (const { number, size } of versions.current.files()) {
    const name = sizes.has(tableFileName(number)) ? tableFileName(number) : legacyTableFileName(number)
    const found = sizes.get(name)
    if (found === undefined) {
      throw corruption('a table that the MANIFEST names is missing; restore it, or repair', tableFileName(number), 0)
    }
    if (found < size) throw corruption(`table has ${found} bytes, the MANIFEST says ${size}`, name, found)
  }
}

/**
 * Looks for the log that the MANIFEST names.
 *
 * @returns what to report of it, where it is missing and that is forgiven.
 * @throws LsmError `LSM_CORRUPTION` where it is missing and that is damage.
 */
export function missingLog(
  entries: readonly DirectoryEntry[],
  { recovered, logNumber }: VersionSet,
  mode: RecoveryMode,
): DroppedBytes | undefined {
  const isThere = entries.some(({ name }) => {
    const parsed = parseFileName(name)
    return parsed?.kind === 'log' && parsed.number === logNumber
  })
  if (logNumber === 0 || isThere) return undefined
  const file = logFileName(logNumber)
  const reason = 'the log that the MANIFEST names is missing'
  const isDamage = mode === 'strict' || (recovered.begunHere && mode !== 'salvage')
  if (isDamage) throw corruption(`${reason}, and the writes in it are lost; restore it, or repair`, file, 0)
  return { file, offset: 0, bytes: 0, reason: `${reason}: if it was not empty, its writes are lost` }
}

/** The first write in the logs must follow the last one that the MANIFEST knows of. */
export function checkLogsFollow({ recovered, lastSequence }: VersionSet, { firstSequence, logs }: Replayed): void {
  if (firstSequence === undefined || firstSequence <= lastSequence + 1) return
  const [torn] = recovered.dropped
  const message = `the logs begin with write ${firstSequence} although the tables end with ${lastSequence}`
  if (torn !== undefined) {
    throw corruption(
      `${torn.reason}, and ${message}: it had been whole; restore a backup, or repair`,
      torn.file,
      torn.offset,
    )
  }
  const first = logs.find(({ entries }) => entries > 0)
  throw corruption(`${message}: an older log is missing; restore a backup, or repair`, first?.file ?? '', 0)
}

/**
 * A torn last record of the MANIFEST is as if it had not been written, and that is what a crash leaves; but a table that
 * only it can have named, with the log gone that the table was made of, says that the record had been whole.
 */
export function checkTornManifest(
  entries: readonly DirectoryEntry[],
  { recovered, current, logNumber }: VersionSet,
): void {
  const [torn] = recovered.dropped
  if (torn === undefined) return
  const live = new Set([...current.files()].map(({ number }) => number))
  const parsed = entries.map(({ name }) => parseFileName(name))
  const hasLog = parsed.some(file => file?.kind === 'log' && file.number >= logNumber)
  const orphan = parsed.find(file => file?.kind === 'table' && file.number > logNumber && !live.has(file.number))
  if (orphan === undefined || hasLog) return
  const name = tableFileName(orphan.number)
  throw corruption(`${torn.reason}, and ${name} is not named although its log is gone; repair`, torn.file, torn.offset)
}
