/**
 * The files of a database, by what its MANIFEST says: is everything there that it names?
 *
 * Looks into CURRENT and the MANIFEST, and at the names and sizes of the others.
 */
import { join } from 'node:path'

import { LsmError, type DirectoryEntry } from '@lsm/base'
import { nodeFileSystem } from '@lsm/fs/node'
import { CURRENT, legacyTableFileName, logFileName, parseFileName, tableFileName, VersionSet } from '@lsm/manifest'

import { formatSize } from '../byte-size.ts'
import { plural } from '../commands/recovery-sentences.ts'
import { someOf, type Findings } from './findings.ts'
import { shellWord } from './next-command.ts'

const RESTORE = 'put back what a backup has; or repair makes a new database of what is left'

/** Looks at CURRENT and the MANIFEST, and for the files that they name. */
export async function examineFiles(
  path: string,
  entries: readonly DirectoryEntry[],
  findings: Findings,
): Promise<void> {
  const versions = await recover(path, entries, findings)
  if (versions === undefined) return
  const { manifest, edits, dropped } = versions.recovered
  const tables = [...versions.current.files()].length
  findings.ok(CURRENT, `it names ${manifest}`)
  findings.ok('MANIFEST', `${plural(edits, 'edit', 'edits')}, ${plural(tables, 'table', 'tables')}, keys in byte order`)
  for (const { offset, reason } of dropped) findings.note('MANIFEST', `${reason}, at offset ${offset}`)
  examineTables(versions, entries, findings)
  examineLogs(versions, entries, findings)
}

async function recover(
  path: string,
  entries: readonly DirectoryEntry[],
  findings: Findings,
): Promise<VersionSet | undefined> {
  const directory = await nodeFileSystem.openDirectory(path, false)
  try {
    const versions = await VersionSet.recover(directory)
    await versions.close()
    return versions
  } catch (error) {
    if (!(error instanceof LsmError)) throw error
    const isCurrent = error.file === CURRENT || error.code === 'LSM_NOT_FOUND'
    if (!isCurrent) findings.ok(CURRENT, 'it names a MANIFEST')
    const advice = isCurrent ? adviceOnCurrent(path, entries) : adviceOn(error)
    findings.bad(isCurrent ? CURRENT : 'MANIFEST', error.message, advice)
    return undefined
  } finally {
    await directory.close()
  }
}

/** Where there is a single MANIFEST it was the live one: an older one goes only when a newer one is. */
function adviceOnCurrent(path: string, entries: readonly DirectoryEntry[]): string {
  const [manifest, another] = entries.filter(({ name }) => parseFileName(name)?.kind === 'manifest')
  if (manifest === undefined || another !== undefined) return RESTORE
  return `there is one MANIFEST, whose name it must hold: echo ${manifest.name} > ${shellWord(join(path, CURRENT))}`
}

function adviceOn({ code }: LsmError): string {
  if (code === 'LSM_NOT_SUPPORTED')
    return 'copy the data with the program that wrote it: keys in another order are not read'
  return code === 'LSM_IO' ? 'look at what the system says of the disk and of permissions' : RESTORE
}

function examineTables(versions: VersionSet, entries: readonly DirectoryEntry[], findings: Findings): void {
  const sizes = new Map(entries.filter(({ isFile }) => isFile).map(({ name, size }) => [name, size]))
  const missing: string[] = []
  const short: string[] = []
  let bytes = 0
  for (const { number, size } of versions.current.files()) {
    const name = tableFileName(number)
    const found = sizes.get(name) ?? sizes.get(legacyTableFileName(number))
    if (found === undefined) missing.push(name)
    else if (found < size) short.push(name)
    bytes += size
  }
  if (missing.length > 0) findings.bad('tables', `not there: ${someOf(missing)}`, RESTORE)
  if (short.length > 0) findings.bad('tables', `shorter than they were: ${someOf(short)}`, RESTORE)
  if (missing.length + short.length > 0) return
  findings.ok('tables', `all that the MANIFEST names are there: ${formatSize(bytes)}`)
}

function examineLogs(
  { logNumber, prevLogNumber }: VersionSet,
  entries: readonly DirectoryEntry[],
  findings: Findings,
): void {
  const needed = entries.filter(({ name }) => {
    const parsed = parseFileName(name)
    if (parsed?.kind !== 'log') return false
    return parsed.number >= logNumber || (prevLogNumber > 0 && parsed.number === prevLogNumber)
  })
  const isThere = logNumber === 0 || needed.some(({ name }) => name === logFileName(logNumber))
  if (!isThere) {
    findings.bad('logs', `${logFileName(logNumber)} is not there, which the MANIFEST names`, RESTORE)
    return
  }
  const bytes = needed.reduce((sum, { size }) => sum + size, 0)
  findings.ok('logs', `${plural(needed.length, 'log', 'logs')} with ${formatSize(bytes)} that an open would replay`)
}
