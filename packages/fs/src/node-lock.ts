/**
 * The lock of a directory: one owner among all processes, threads and parts of a program.
 *
 * ```
 * table          who in this thread holds it
 * /proc/locks    does a native LevelDB hold LOCK?            Linux; looks only
 * abstract socket, named pipe, or else an owner file         one holder among our own kind
 * LOCK           the system's lock on the file, where one can be had; says who holds the directory
 * ```
 *
 * 1. Layers are taken from the top down and given back from the bottom up; whoever meets a taken one gives back all.
 * 2. Each is freed by the death of its owner, however it dies: the socket and the system's lock by the kernel, an
 *    owner file by the look of whoever comes next. What is written in LOCK never decides; it only names.
 * 3. The directory is kept open as long as it is locked, so that its inode number, which names the socket, goes to
 *    no other directory if this one is removed.
 * 4. LOCK is opened once, after a native LevelDB has been looked for, and stays on disk. Closing it anywhere in a
 *    process drops a LevelDB's lock in that process.
 *
 * A socket excludes the processes of one network namespace. Containers that share a directory but not the network
 * need the system's lock, that is, the optional package `fs-native-extensions`.
 */
import { LsmError, type DirectoryLock } from '@lsm/base'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { ioError } from './node-errors.ts'
import { lockFile } from './node-lock-file.ts'
import { lockedError, type LockHold, type LockLayer, type LockPlace } from './node-lock-layer.ts'
import { ownerFiles } from './node-lock-owner-file.ts'
import { foreignLocks } from './node-lock-proc.ts'
import { socketName } from './node-lock-socket.ts'

/** What to lock. */
export interface LockRequest {
  /** The directory's path, for messages. */
  readonly path: string
  /** Its real path. */
  readonly root: string
  /** The lock's name: `LOCK`. */
  readonly name: string
  /** Mode of the files that the lock makes. */
  readonly fileMode: number
}

/** Groups of layers; of each group the first that the platform has is taken. */
export type LockLayers = readonly (readonly LockLayer[])[]

const LAYERS: LockLayers = [[foreignLocks], [socketName, ownerFiles], [lockFile]]

/** What this thread holds, by the identity of the directory and the lock's name, with when it was taken. */
const heldHere: Map<string, string> = new Map()

/** See {@link DirectoryLock}; releasing it twice is as good as once. */
export class NodeDirectoryLock implements DirectoryLock {
  /** The layers in force, for messages: `abstract socket + system lock`. */
  readonly kind: string
  readonly #holds: readonly LockHold[]
  #released: Promise<void> | undefined

  constructor(kind: string, holds: readonly LockHold[]) {
    this.kind = kind
    this.#holds = holds
  }

  release(): Promise<void> {
    this.#released ??= releaseAll(this.#holds)
    return this.#released
  }
}

/**
 * Takes a directory.
 *
 * @throws LsmError `LSM_LOCKED` if anybody holds it, `LSM_NOT_SUPPORTED` if no layer works here.
 */
export async function lockDirectory(request: LockRequest, layers: LockLayers = LAYERS): Promise<NodeDirectoryLock> {
  const holds: LockHold[] = []
  try {
    const place = await openPlace(request, holds)
    holds.push(takeInThread(place))
    const kinds: string[] = []
    for (const group of layers) {
      const hold = await takeFirst(group, place)
      if (hold === undefined) continue
      holds.push(hold)
      kinds.push(hold.kind)
    }
    if (kinds.length === 0) throw noLock(request.path)
    return new NodeDirectoryLock(kinds.join(' + '), holds)
  } catch (error) {
    await releaseAll(holds)
    throw ioError(error, `lock the directory ${request.path}`, request.name)
  }
}

/**
 * Who holds a directory, without taking it: nothing is made, written or left there. A lock that can only be found by
 * trying, as that of a LevelDB on macOS, is not seen.
 *
 * @returns the refusal that {@link lockDirectory} would meet; `undefined` if nobody is seen to hold it.
 */
export async function lockRefusal(
  request: Omit<LockRequest, 'fileMode'>,
  layers: LockLayers = LAYERS,
): Promise<LsmError | undefined> {
  const { path, root, name } = request
  try {
    const { dev, ino } = await stat(root, { bigint: true })
    const place = { path, file: join(root, name), id: `${dev}-${ino}-${name}`, fileMode: 0 }
    const since = heldHere.get(place.id)
    if (since !== undefined) throw lockedError(path, { pid: process.pid, since })
    for (const layer of layers.flat()) await layer.look?.(place)
    return undefined
  } catch (error) {
    const refusal = ioError(error, `look for the lock of ${path}`, name)
    if (refusal.code === 'LSM_LOCKED') return refusal
    throw refusal
  }
}

/** Finds what the directory is, by more than its name, and keeps it so. Windows gives file numbers to one file only. */
async function openPlace(request: LockRequest, holds: LockHold[]): Promise<LockPlace> {
  const { path, root, name, fileMode } = request
  const handle = process.platform === 'win32' ? undefined : await open(root, 'r')
  if (handle !== undefined) holds.push({ kind: 'anchor', release: () => handle.close() })
  const { dev, ino } = await (handle?.stat({ bigint: true }) ?? stat(root, { bigint: true }))
  return { path, file: join(root, name), id: `${dev}-${ino}-${name}`, fileMode }
}

function takeInThread({ path, id }: LockPlace): LockHold {
  const since = heldHere.get(id)
  if (since !== undefined) throw lockedError(path, { pid: process.pid, since })
  heldHere.set(id, new Date().toISOString())
  return { kind: 'table', release: async () => void heldHere.delete(id) }
}

async function takeFirst(group: readonly LockLayer[], place: LockPlace): Promise<LockHold | undefined> {
  for (const layer of group) {
    const hold = await layer.take(place)
    if (hold !== undefined) return hold
  }
  return undefined
}

/** Gives all back, the last first, even if one fails; the first failure is thrown in the end. */
async function releaseAll(holds: readonly LockHold[]): Promise<void> {
  const failures: unknown[] = []
  for (const hold of holds.toReversed()) await hold.release().catch(error => failures.push(error))
  if (failures.length > 0) throw ioError(failures[0], 'release the lock of a directory')
}

function noLock(path: string): LsmError {
  return new LsmError('LSM_NOT_SUPPORTED', `cannot lock ${path} on this platform; install fs-native-extensions`)
}
