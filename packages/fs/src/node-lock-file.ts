/**
 * The file LOCK: where LevelDB takes its lock, so where we take ours, and where our owner is written.
 *
 * 1. Opening for oneself alone is a lock that macOS and Windows give to everyone: there it is asked for.
 * 2. The native lock is taken on the same open file, where its package is installed.
 * 3. With either of them LOCK stays open until it is released. With none it is closed at once: nothing would be held,
 *    and closing it later could drop the lock of a LevelDB that has come since.
 * 4. The owner's line is written over what is there. A file with a second name is someone else's too: nothing is
 *    written to it.
 */
import { LsmError } from '@lsm/base'
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'

import { errorCode } from './node-errors.ts'
import { lockedError, type LockHold, type LockLayer, type LockPlace } from './node-lock-layer.ts'
import { lockNatively } from './node-lock-native.ts'
import { ownLine, readLivingOwner } from './node-lock-owner.ts'
import { whileBusy } from './node-retry.ts'

const FLAGS = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** To open a file for oneself alone: `O_EXLOCK` of macOS, the flag of the same meaning that libuv has for Windows. */
const ALONE: ReadonlyMap<string, number> = new Map([
  ['darwin', 0x20],
  ['win32', 0x1000_0000],
])

/** Attempts to open it while it is in use for a moment, by a virus scanner say: 7 ms in all. */
const ATTEMPTS = 4

/** Takes the system's locks on LOCK, as far as there are any, and writes the owner into it. */
export const lockFile: LockLayer = {
  async take(place: LockPlace): Promise<LockHold | undefined> {
    const { handle, alone } = await openLock(place)
    try {
      const native = await lockNatively(handle.fd)
      if (native === false) throw lockedError(place.path, await readLivingOwner(place.file))
      await writeOwner(handle)
      const kinds = [alone ? 'exclusive open' : '', native === true ? 'system lock' : ''].filter(kind => kind !== '')
      if (kinds.length > 0) return { kind: kinds.join(' + '), release: () => handle.close() }
    } catch (error) {
      await handle.close()
      throw error
    }
    await handle.close()
    return undefined
  },
}

async function openLock(place: LockPlace): Promise<{ handle: FileHandle; alone: boolean }> {
  const { path, file, fileMode } = place
  const alone = ALONE.get(process.platform)
  if (alone === undefined) return { handle: await open(file, FLAGS, fileMode), alone: false }
  try {
    return { handle: await whileBusy(() => open(file, FLAGS | alone, fileMode), ATTEMPTS), alone: true }
  } catch (error) {
    const code = errorCode(error)
    if (code === 'EAGAIN' || code === 'EBUSY') throw lockedError(path, await readLivingOwner(file))
    if (code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') throw error
    return { handle: await open(file, FLAGS, fileMode), alone: false }
  }
}

/** Names the owner in LOCK, if that can be done: a full disk must not keep a directory from being opened. */
async function writeOwner(handle: FileHandle): Promise<void> {
  const stats = await handle.stat()
  if (!stats.isFile()) throw new LsmError('LSM_IO', 'the lock is not a regular file; move it away')
  if (stats.nlink > 1) return
  await writeLine(handle, new TextEncoder().encode(await ownLine())).catch(() => {})
}

/** The line first and the cut after it, so that whoever reads meanwhile finds a whole line. */
async function writeLine(handle: FileHandle, line: Uint8Array): Promise<void> {
  await handle.write(line, 0, line.length, 0)
  await handle.truncate(line.length)
}
