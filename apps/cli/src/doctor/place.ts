/**
 * What stands at a path: a directory, one that may be read and written, and one that holds a database.
 *
 * Looks at names, sizes and permissions, and opens no file.
 */
import { constants } from 'node:fs'
import { access, readdir, stat, statfs } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

import type { DirectoryEntry, LsmError } from '@lsm/base'
import { nodeFileSystem } from '@lsm/fs/node'
import { CURRENT, LOCK, parseFileName, type FileKind } from '@lsm/manifest'

import { formatSize } from '../byte-size.ts'
import { plural } from '../commands/recovery-sentences.ts'
import { EXIT } from '../exit-codes.ts'
import { systemReason } from '../failure.ts'
import { commandFor } from './next-command.ts'
import { someOf, type Findings, type Verdict } from './findings.ts'

/** Files without which there is no database. */
const DATA: ReadonlySet<FileKind | undefined> = new Set<FileKind>(['current', 'manifest', 'table', 'log'])

/** Less room than this is told as a note: flushes and compactions need some to do their work. */
const LITTLE_ROOM = 64 * 1024 * 1024

/** What is in the directory; or the verdict, where there is no database to look at. */
export type Place = { readonly entries: readonly DirectoryEntry[] } | Verdict

/** Looks at a path, down to the names of the files. */
export async function examinePlace(path: string, findings: Findings): Promise<Place> {
  const stats = await stat(path).catch((error: Error) => error)
  if (stats instanceof Error) return notThere(path, stats, findings)
  if (!stats.isDirectory()) return notDirectory(path, findings)
  if (!(await may(path, constants.R_OK | constants.X_OK))) return notReadable(path, findings)
  const isWritable = await may(path, constants.W_OK)
  if (isWritable) findings.ok('directory', `${path} is a directory that can be read and written`)
  else {
    const advice = 'reading works; to write, give yourself the right to, or remount the file system'
    findings.note('directory', `${path} is a directory that can be read and not written`, advice)
  }
  const entries = await listing(path)
  if (!entries.some(({ name }) => DATA.has(parseFileName(name)?.kind))) return noDatabase(path, entries, findings)
  sayWhose(entries, findings)
  await checkFiles(path, entries, findings)
  await checkRoom(path, findings)
  return { entries }
}

/** Whether anybody holds the directory; says who. */
export async function examineLock(path: string, findings: Findings): Promise<LsmError | undefined> {
  const refusal = await nodeFileSystem.lockRefusal(path, LOCK)
  if (refusal === undefined) findings.ok('lock', 'nobody is seen to have it open')
  else findings.note('lock', refusal.message.replace(/; close it.*$/, ''), 'close it there before writing here')
  return refusal
}

function notThere(path: string, error: Error, findings: Findings): Verdict {
  findings.bad('directory', `${path} cannot be looked at: ${systemReason(error)}`, 'check the path')
  const next = commandFor(path, 'put KEY VALUE')
  return { verdict: 'There is nothing to open. Writing makes a database.', next, code: EXIT.failed }
}

async function notDirectory(path: string, findings: Findings): Promise<Verdict> {
  const folder = dirname(path)
  const belongs = DATA.has(parseFileName(basename(path))?.kind) && (await hasCurrent(folder))
  const advice = belongs ? `it is a file of the database in ${folder}` : 'name the directory of a database'
  findings.bad('directory', `${path} is not a directory`, advice)
  const next = belongs ? commandFor(folder, 'doctor') : 'lsm DIR doctor, with another path'
  return { verdict: 'This is no database: a database is a directory.', next, code: EXIT.failed }
}

function notReadable(path: string, findings: Findings): Verdict {
  findings.bad('directory', `${path} may not be read`, 'give yourself the right to, or run this as its owner')
  const verdict = 'It cannot be opened by this user.'
  return { verdict, next: `look at its owner and its mode, then ${commandFor(path, 'doctor')}`, code: EXIT.failed }
}

async function noDatabase(path: string, entries: readonly DirectoryEntry[], findings: Findings): Promise<Verdict> {
  const strangers = entries.filter(({ name }) => parseFileName(name) === undefined).map(({ name }) => name)
  if (strangers.length === 0) {
    findings.note('files', 'the directory holds no files of a database, and nothing else')
    const next = commandFor(path, 'put KEY VALUE')
    return { verdict: 'There is no database yet. Writing makes one here.', next, code: EXIT.failed }
  }
  findings.bad('files', `none of them is a database's: ${someOf(strangers)}`, 'check the path')
  const inside = await databaseInside(path, entries)
  const next = inside === undefined ? 'lsm DIR doctor, with another path' : commandFor(inside, 'doctor')
  const verdict = inside === undefined ? 'This is no database.' : `This is no database, but ${inside} may be one.`
  return { verdict, next, code: EXIT.failed }
}

/** A directory in this one that has a CURRENT. */
async function databaseInside(path: string, entries: readonly DirectoryEntry[]): Promise<string | undefined> {
  for (const { name, isFile } of entries) {
    const inside = join(path, name)
    if (!isFile && (await hasCurrent(inside))) return inside
  }
  return undefined
}

function sayWhose(entries: readonly DirectoryEntry[], findings: Findings): void {
  const bytes = entries.reduce((sum, { size }) => sum + size, 0)
  const writer = entries.some(({ name }) => name === 'LSM-STATE') ? '@lsm' : '@lsm or LevelDB'
  const size = `${plural(entries.length, 'name', 'names')}, ${formatSize(bytes)}`
  const rocks = entries.some(({ name }) => name === 'IDENTITY' || name.startsWith('OPTIONS-'))
  if (!rocks) findings.ok('files', `those of a database that ${writer} has written: ${size}`)
  else
    findings.note(
      'files',
      `those of a database of RocksDB, by their names: ${size}`,
      'its own kind of tables cannot be read',
    )
}

async function checkFiles(path: string, entries: readonly DirectoryEntry[], findings: Findings): Promise<void> {
  const closed: string[] = []
  for (const { name, isFile } of entries) {
    const isOurs = DATA.has(parseFileName(name)?.kind)
    if (isOurs && !isFile) findings.bad('files', `${name} has a name of the database and is no file`, 'move it away')
    if (isOurs && isFile && !(await may(join(path, name), constants.R_OK))) closed.push(name)
  }
  if (closed.length > 0) findings.bad('files', `${someOf(closed)} may not be read`, 'give yourself the right to')
}

async function checkRoom(path: string, findings: Findings): Promise<void> {
  const system = await statfs(path).catch(() => undefined)
  if (system === undefined) return
  const free = system.bavail * system.bsize
  if (free >= LITTLE_ROOM) return
  findings.note('disk', `only ${formatSize(free)} are free`, 'make room: opening to write and compaction need some')
}

async function listing(path: string): Promise<readonly DirectoryEntry[]> {
  const directory = await nodeFileSystem.openDirectory(path, false)
  try {
    return await directory.list()
  } finally {
    await directory.close()
  }
}

async function hasCurrent(path: string): Promise<boolean> {
  return (await readdir(path).catch((): string[] => [])).includes(CURRENT)
}

async function may(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  )
}
