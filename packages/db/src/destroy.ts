/**
 * Removes a database and nothing else.
 */
import { LsmError, type FileSystem } from '@lsm/base'
import { CURRENT, LOCK, parseFileName } from '@lsm/manifest'

import { STATE_FILE } from './clean-close.ts'

/** Removes the files of a database, and its directory if that is empty then. No error if there is none. */
export async function destroyDatabase(path: string, fileSystem: FileSystem): Promise<void> {
  const directory = await fileSystem.openDirectory(path, false).catch((error: unknown) => {
    if (error instanceof LsmError && error.code === 'LSM_NOT_FOUND') return undefined
    throw error
  })
  if (directory === undefined) return
  try {
    const lock = await directory.lock(LOCK)
    try {
      const names = (await directory.list()).map(({ name }) => name).filter(isOurs)
      // CURRENT goes first: a removal that is cut short then leaves no database, rather than half of one.
      if (names.includes(CURRENT)) await directory.removeFile(CURRENT)
      await directory.sync()
      for (const name of names) if (name !== CURRENT && name !== LOCK) await directory.removeFile(name)
      await directory.removeFile(LOCK)
    } finally {
      await lock.release()
    }
  } finally {
    await directory.close()
  }
  await fileSystem.removeDirectory(path)
}

/** Whether a file belongs to a database, or to the lock of one. */
function isOurs(name: string): boolean {
  return parseFileName(name) !== undefined || name === STATE_FILE || /^LOCK\.owner-\d+$/.test(name)
}
