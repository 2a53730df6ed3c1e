/**
 * Removes a database and nothing else.
 *
 *     CURRENT ─► tables, logs, … ─► MANIFEST ─► LOCK ─► the directory, if it is empty
 *
 * 1. Where there is no database nothing is touched, whatever the files are called: a path may be a mistake, and other
 *    programs number their logs, too. A database is CURRENT, a MANIFEST or a table.
 * 2. CURRENT goes first: a removal that is cut short leaves no database, rather than half of one. The MANIFEST goes when
 *    all else is gone for good, so that the next call knows what this one was about.
 */
import { LsmError, type Directory, type FileSystem } from '@lsm/base'
import { CURRENT, LOCK, parseFileName, type FileKind } from '@lsm/manifest'

import { STATE_FILE } from './clean-close.ts'

/** Removes the files of a database, and its directory if that is empty then. No error if there is none. */
export async function destroyDatabase(path: string, fileSystem: FileSystem): Promise<void> {
  const directory = await fileSystem.openDirectory(path, false).catch((error: unknown) => {
    if (error instanceof LsmError && error.code === 'LSM_NOT_FOUND') return undefined
    throw error
  })
  if (directory === undefined) return
  try {
    if (!(await holdsDatabase(directory))) return
    const lock = await directory.lock(LOCK)
    try {
      await removeFiles(directory)
    } finally {
      await lock.release()
    }
  } finally {
    await directory.close()
  }
  await fileSystem.removeDirectory(path)
}

/** Asked before the lock is taken, which would leave a file of its own. */
async function holdsDatabase(directory: Directory): Promise<boolean> {
  return (await directory.list()).some(({ name, isFile }) => isFile && SIGNS.has(parseFileName(name)?.kind))
}

async function removeFiles(directory: Directory): Promise<void> {
  const names = (await directory.list()).filter(({ name, isFile }) => isFile && isOurs(name)).map(({ name }) => name)
  const isManifest = (name: string): boolean => parseFileName(name)?.kind === 'manifest'
  const rest = names.filter(name => name !== CURRENT && name !== LOCK && !isManifest(name))
  for (const turn of [names.filter(name => name === CURRENT), rest, names.filter(isManifest)]) {
    for (const name of turn) await directory.removeFile(name)
    await directory.sync()
  }
  await directory.removeFile(LOCK)
}

/** What tells that there is a database, or was. */
const SIGNS: ReadonlySet<FileKind | undefined> = new Set<FileKind | undefined>(['current', 'manifest', 'table'])

/** Names beside those of a database: of its lock, and of halves of replacements. */
const OTHERS = /^(?:LOCK\.owner-\d+|(?:CURRENT|LSM-STATE)\.tmp)$/

function isOurs(name: string): boolean {
  return parseFileName(name) !== undefined || name === STATE_FILE || OTHERS.test(name)
}
