/**
 * Looking for a native LevelDB in Linux's list of file locks.
 *
 * ```
 * 3: POSIX  ADVISORY  WRITE 4711 fd:00:261234 0 EOF      the lock of process 4711 on inode 261234
 * 3: -> POSIX  ADVISORY  WRITE 4712 fd:00:261234 0 EOF   a process waiting for it
 * 4: OFDLCK ADVISORY  WRITE -1 fd:00:261234 0 EOF        a lock of an open file, whose process is not told
 * ```
 *
 * 1. LOCK is looked up by name and not opened: closing it would drop the lock of a LevelDB in this process.
 * 2. Some file systems show another device here than to `stat`. Then the inode decides only together with a file
 *    that the process has open.
 *
 * It holds nothing, so it cannot keep a LevelDB from coming later; only the system's lock on LOCK does.
 */
import { readFile, readdir, stat } from 'node:fs/promises'

import { lockedError, type LockHold, type LockLayer, type LockOwner, type LockPlace } from './node-lock-layer.ts'
import { readLivingOwner } from './node-lock-owner.ts'

const LINE = /^\d+: (?:POSIX|OFDLCK) +\S+ +(?:WRITE|READ) +(-?\d+) +([0-9a-f]+:[0-9a-f]+):(\d+) /u

interface FileIdentity {
  readonly dev: bigint
  readonly ino: bigint
}

/** Refuses if any process holds a lock on LOCK; holds nothing itself. */
export const foreignLocks: LockLayer = {
  async take(place: LockPlace): Promise<LockHold | undefined> {
    await look(place)
    return undefined
  },
  look,
}

async function look({ path, file }: LockPlace): Promise<void> {
  const [locks, identity] = await Promise.all([readLocks(), identify(file)])
  if (identity === undefined) return
  for (const line of locks.split('\n')) {
    const pid = await holderIn(line, identity)
    if (pid !== undefined) throw lockedError(path, pid > 0 ? await ownerOf(pid) : await readLivingOwner(file))
  }
}

/** The process in a line about this file; -1 if it is not told, `undefined` if the line is about another one. */
async function holderIn(line: string, identity: FileIdentity): Promise<number | undefined> {
  const match = LINE.exec(line)
  if (match === null || match[3] !== `${identity.ino}`) return undefined
  const pid = Number(match[1])
  return match[2] === shownDevice(identity.dev) || (await hasOpen(pid, identity)) ? pid : undefined
}

/** A device number as the list shows it: major and minor part in hexadecimal. */
function shownDevice(dev: bigint): string {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xffff_f000n)
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffff_ff00n)
  return `${twoDigits(major)}:${twoDigits(minor)}`
}

function twoDigits(part: bigint): string {
  return part.toString(16).padStart(2, '0')
}

async function hasOpen(pid: number, { dev, ino }: FileIdentity): Promise<boolean> {
  const folder = `/proc/${pid}/fd`
  for (const fd of await readdir(folder).catch(() => [])) {
    const found = await identify(`${folder}/${fd}`)
    if (found?.ino === ino && found.dev === dev) return true
  }
  return false
}

async function ownerOf(pid: number): Promise<LockOwner> {
  const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  const command = words.split('\0').join(' ').trim()
  return { pid, command: command === '' ? undefined : command }
}

async function identify(path: string): Promise<FileIdentity | undefined> {
  return stat(path, { bigint: true }).catch(() => undefined)
}

async function readLocks(): Promise<string> {
  return process.platform === 'linux' ? readFile('/proc/locks', 'latin1').catch(() => '') : ''
}
