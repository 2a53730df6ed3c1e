/**
 * Opening the files of a directory. What stands there may have been put there by anyone.
 *
 * 1. A new file is always new: a leftover of its name is removed, never opened or cut.
 * 2. A file that is opened is a regular file, and not at the end of a symbolic link. `O_NONBLOCK` keeps a pipe of
 *    that name from holding us up until it is seen to be none.
 */
import { LsmError } from '@lsm/base'
import { close, closeSync, constants, fstat, fstatSync, open, openSync, type Stats } from 'node:fs'
import { open as openHandle, unlink, type FileHandle } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { promisify } from 'node:util'

import { errorCode } from './node-errors.ts'
import { whileBusy } from './node-retry.ts'

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_WRONLY } = constants
/** Windows has neither flag, and neither links that are followed by accident nor named pipes among files. */
const GUARDS = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

const openNumber = promisify(open)
const closeNumber = promisify(close)
const statNumber = promisify(fstat)

/** A regular file, open for reading. */
export interface OpenFile {
  readonly fd: number
  readonly size: number
}

/** Makes a new file and opens it for writing. */
export async function createNew(path: string, mode: number): Promise<FileHandle> {
  await removeIfThere(path)
  return openHandle(path, O_WRONLY | O_CREAT | O_EXCL | GUARDS, mode)
}

/** Removes a file; no error if it is not there. */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await whileBusy(() => unlink(path))
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
}

/** Opens a regular file for reading. */
export async function openRegular(path: string): Promise<OpenFile> {
  const fd = await openNumber(path, O_RDONLY | GUARDS)
  try {
    return { fd, size: sizeOfRegular(await statNumber(fd), path) }
  } catch (error) {
    await closeNumber(fd)
    throw error
  }
}

/** The same, blocking the thread. */
export function openRegularSync(path: string): OpenFile {
  const fd = openSync(path, O_RDONLY | GUARDS)
  try {
    return { fd, size: sizeOfRegular(fstatSync(fd), path) }
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** Syncs a regular file that is there. Windows syncs only what is open for writing. */
export async function syncRegular(path: string): Promise<void> {
  const handle = await openHandle(path, O_RDWR | GUARDS)
  try {
    sizeOfRegular(await handle.stat(), path)
    await handle.datasync()
  } finally {
    await handle.close()
  }
}

function sizeOfRegular(stats: Stats, path: string): number {
  if (stats.isFile()) return stats.size
  throw new LsmError('LSM_IO', `found something else than a regular file in ${dirname(path)}; move it away`, {
    file: basename(path),
  })
}
