/**
 * A directory in memory: the names in it, and one holder of them.
 *
 * The folder is the thing, shared by everyone who opened its path; a `MemoryDirectory` is one opening of it.
 * Every change is complete when its call is made, so `sync` has nothing to do.
 */
import {
  LsmError,
  type Directory,
  type DirectoryEntry,
  type DirectoryLock,
  type ReadableFile,
  type WritableFile,
} from '@lsm/base'

import { checkName } from './arguments.ts'
import { closedDirectory } from './closed-error.ts'
import { MemoryBytes, MemoryReadableFile, MemoryWritableFile } from './memory-files.ts'

/** What is in a directory. */
export class MemoryFolder {
  readonly files: Map<string, MemoryBytes> = new Map()
  readonly folders: Map<string, MemoryFolder> = new Map()
  /** Names of the locks that are held. */
  readonly locks: Set<string> = new Set()
}

/** See {@link Directory}. */
export class MemoryDirectory implements Directory {
  readonly path: string
  readonly #folder: MemoryFolder
  #open = true

  constructor(path: string, folder: MemoryFolder) {
    this.path = path
    this.#folder = folder
  }

  async list(): Promise<DirectoryEntry[]> {
    const { files, folders } = this.#opened()
    return [
      ...Array.from(files, ([name, bytes]) => ({ name, size: bytes.size, isFile: true })),
      ...Array.from(folders.keys(), name => ({ name, size: 0, isFile: false })),
    ]
  }

  async createFile(name: string): Promise<WritableFile> {
    const bytes = new MemoryBytes()
    this.#put(name, bytes)
    return new MemoryWritableFile(name, bytes)
  }

  async openFile(name: string): Promise<ReadableFile> {
    return this.openFileSync(name)
  }

  openFileSync(name: string): ReadableFile {
    checkName(name)
    const folder = this.#opened()
    this.#refuseFolder(folder, name)
    const bytes = folder.files.get(name)
    if (bytes === undefined) throw new LsmError('LSM_NOT_FOUND', `no such file in ${this.path}`, { file: name })
    return new MemoryReadableFile(name, bytes)
  }

  async replaceFile(name: string, contents: Uint8Array): Promise<void> {
    const bytes = new MemoryBytes()
    bytes.append(contents, 0, contents.length)
    this.#put(name, bytes)
  }

  async removeFile(name: string): Promise<void> {
    checkName(name)
    const folder = this.#opened()
    this.#refuseFolder(folder, name)
    folder.files.delete(name)
  }

  async sync(): Promise<void> {
    this.#opened()
  }

  async syncFile(name: string): Promise<void> {
    await this.openFile(name)
  }

  async lock(name: string): Promise<DirectoryLock> {
    checkName(name)
    const { locks } = this.#opened()
    if (locks.has(name))
      throw new LsmError(
        'LSM_LOCKED',
        `${this.path} is in use by this process; close it there, or open it read-only here`,
      )
    locks.add(name)
    return new MemoryLock(() => locks.delete(name))
  }

  async close(): Promise<void> {
    this.#open = false
  }

  #put(name: string, bytes: MemoryBytes): void {
    checkName(name)
    const folder = this.#opened()
    this.#refuseFolder(folder, name)
    folder.files.set(name, bytes)
  }

  #opened(): MemoryFolder {
    if (!this.#open) throw closedDirectory(this.path)
    return this.#folder
  }

  #refuseFolder(folder: MemoryFolder, name: string): void {
    if (folder.folders.has(name)) {
      throw new LsmError('LSM_IO', `expected a file in ${this.path} but found a directory`, { file: name })
    }
  }
}

/** See {@link DirectoryLock}; releasing it twice is as good as once. */
class MemoryLock implements DirectoryLock {
  #free: (() => void) | undefined

  constructor(free: () => void) {
    this.#free = free
  }

  async release(): Promise<void> {
    this.#free?.()
    this.#free = undefined
  }
}
