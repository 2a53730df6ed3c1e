/**
 * Making names durable: a new, renamed or removed name survives a loss of power once its directory is synced.
 *
 * Windows has no such call and keeps names in the file system's own log. Some file systems refuse to sync a
 * directory; there is nothing better to do on them, so they count as done.
 */
import { open } from 'node:fs/promises'

import { errorCode, ioError } from './node-errors.ts'

const REFUSALS: ReadonlySet<string> = new Set(['EINVAL', 'EPERM', 'EISDIR'])

/** Makes the names in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  try {
    await openAndSync(path)
  } catch (error) {
    throw ioError(error, `sync the directory ${path}`)
  }
}

async function openAndSync(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } catch (error) {
    if (!REFUSALS.has(errorCode(error))) throw error
  } finally {
    await handle.close()
  }
}
