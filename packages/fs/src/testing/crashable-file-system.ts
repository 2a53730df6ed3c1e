/**
 * A file system in memory that can be asked: what if the power had gone here?
 *
 *     workload ─▶ CrashableFileSystem ─▶ operations 1 … n
 *                     └─ crash({ at: k, variant, seed }) ─▶ another one, as it would be found at the next start
 *
 * 1. One run is recorded; afterwards it can crash at any of its operations, in any variant, as often as one likes.
 * 2. Everything is decided by the calls that are made and by seeds: nothing by time or chance.
 * 3. What comes out of a crash is a crashable file system of its own, which counts from 1 again, so that a recovery can
 *    be crashed as well.
 *
 * It keeps every byte that was ever written to it, and a line for each operation. It uses nothing of any platform.
 */
import { LsmError, type Directory, type FileSystem, type LsmErrorCode } from '@lsm/base'

import { crashImage } from './crash-image.ts'
import type { CrashOptions } from './crash-policy.ts'
import { CrashableDirectory } from './crashable-directory.ts'
import { Disk } from './disk.ts'
import type { FaultOptions, FaultPredicate, InjectedFault } from './faults.ts'
import { describeOperation, isChange, type Operation } from './operations.ts'
import { RecordedFile } from './recorded-file.ts'
import { RecordedFolder } from './recorded-folder.ts'
import { pathSegments } from '../path-segments.ts'

/** How a crashable file system behaves while nothing goes wrong. */
export interface CrashableOptions {
  /** Waited for within each sync, so that other calls come between its beginning and its end. Default: one turn of promises. */
  readonly pause?: () => Promise<void>
}

/**
 * See the file's header, and {@link FileSystem}.
 *
 * @example
 * ```ts
 * import { CrashableFileSystem } from '@lsm/fs/testing'
 *
 * const fileSystem = new CrashableFileSystem()
 * const directory = await fileSystem.openDirectory('store', true)
 * const file = await directory.createFile('notes')
 * await directory.sync()
 * file.append(new Uint8Array(5), 0, 5)
 * await file.sync()
 * file.append(new Uint8Array(3), 0, 3)
 *
 * const after = await fileSystem.crash({ variant: 'strict' }).openDirectory('store', false)
 * console.log(await after.list()) // [ { name: 'notes', size: 5, isFile: true } ]
 * ```
 */
export class CrashableFileSystem implements FileSystem {
  /** Equal for two crashes of one file system that leave the same; empty for one that did not come out of a crash. */
  readonly fingerprint: string
  #disk: Disk
  readonly #options: CrashableOptions
  #root: RecordedFolder

  constructor(options: CrashableOptions = {}) {
    this.#options = options
    this.#disk = new Disk(options.pause ?? (() => Promise.resolve()))
    this.#root = new RecordedFolder()
    this.fingerprint = ''
  }

  /** What was done, oldest first; the number of an operation is its place in here, counted from 1. */
  get operations(): readonly Operation[] {
    return this.#disk.operations
  }

  /** The numbers of the operations that changed something, and 0: where a crash leaves something new. */
  get crashPoints(): number[] {
    return [0, ...this.operations.filter(isChange).map(({ number }) => number)]
  }

  /** Bytes that there is room for. An append beyond them fails with `LSM_DISK_FULL`; raise it to make room. */
  get capacity(): number {
    return this.#disk.space.capacity
  }

  /** Makes room, or takes it away. */
  set capacity(bytes: number) {
    this.#disk.space.capacity = bytes
  }

  /** Bytes of all files. */
  get used(): number {
    return this.#disk.space.used
  }

  /** The operations up to one, as text, one a line. */
  trace(upTo: number = this.operations.length, count = 10): string {
    return this.operations
      .slice(Math.max(0, upTo - count), upTo)
      .map(describeOperation)
      .join('\n')
  }

  /**
   * The process that uses it is killed: all that it has opened fails from now on, and its locks are free. What it has written can be
   * read by the next one, and is no more durable than it was.
   */
  kill(): void {
    this.#disk = this.#disk.kill()
  }

  /** The file system as it would be found after a crash. This one stays as it is. */
  crash(options: CrashOptions = {}): CrashableFileSystem {
    const { root, fingerprint } = crashImage(this.#root, options.at ?? this.operations.length, options)
    return CrashableFileSystem.#of(root, fingerprint, this.#options)
  }

  /**
   * Makes an operation fail.
   *
   * @param where - the number of the operation from which on it strikes, or what says which ones.
   */
  failAt(where: number | FaultPredicate, code: LsmErrorCode = 'LSM_IO', options?: FaultOptions): InjectedFault {
    return this.#disk.faults.add(where, { kind: 'fail', code }, options)
  }

  /** Flips a bit of what is appended or read. */
  flipAt(where: number | FaultPredicate, options?: FaultOptions): InjectedFault {
    return this.#disk.faults.add(where, { kind: 'flip' }, options)
  }

  /** Lets an append or a sync, of a file or a directory, say that it is done while nothing of it ever reaches the disk. */
  loseAt(where: number | FaultPredicate, options?: FaultOptions): InjectedFault {
    return this.#disk.faults.add(where, { kind: 'lose' }, options)
  }

  async openDirectory(path: string, create: boolean): Promise<Directory> {
    let folder = this.#root
    for (const name of pathSegments(path)) folder = this.#enter(folder, name, path, create)
    return new CrashableDirectory(path, folder, this.#disk)
  }

  async removeDirectory(path: string): Promise<void> {
    const names = pathSegments(path)
    const last = names.pop()
    let parent: RecordedFolder = this.#root
    for (const name of names) {
      const next = parent.names.get(name)
      if (!(next instanceof RecordedFolder)) return
      parent = next
    }
    const folder = last === undefined ? undefined : parent.names.get(last)
    if (last === undefined || !(folder instanceof RecordedFolder) || folder.names.size > 0 || folder.isAnyLocked) return
    this.#disk.step('rmdir', path)
    parent.change(this.#disk.last, [[last, undefined]])
  }

  /** Directories are made durably, one operation each. */
  #enter(parent: RecordedFolder, name: string, path: string, create: boolean): RecordedFolder {
    const node = parent.names.get(name)
    if (node instanceof RecordedFolder) return node
    if (node instanceof RecordedFile) {
      throw new LsmError('LSM_IO', `${path} is a file, or lies below one; choose another path`)
    }
    if (!create) throw new LsmError('LSM_NOT_FOUND', `there is no directory ${path}`)
    this.#disk.step('mkdir', name)
    const folder = new RecordedFolder()
    parent.change(this.#disk.last, [[name, folder]], true)
    return folder
  }

  static #of(root: RecordedFolder, fingerprint: string, options: CrashableOptions): CrashableFileSystem {
    const fileSystem = new CrashableFileSystem(options)
    fileSystem.#root = root
    fileSystem.#disk.space.used = bytesIn(root)
    return Object.assign(fileSystem, { fingerprint })
  }
}

function bytesIn(folder: RecordedFolder): number {
  let sum = 0
  for (const node of folder.names.values()) sum += node instanceof RecordedFile ? node.size : bytesIn(node)
  return sum
}
