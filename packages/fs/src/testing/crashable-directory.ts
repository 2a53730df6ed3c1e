/**
 * An open directory of a crashable file system.
 *
 * 1. A sync makes durable all names that changed before it began, and no bytes of any file.
 * 2. `replaceFile` is a temporary file that is synced and renamed, and a sync of that one change: no other name becomes
 *    durable by it, since the contract does not say so.
 */
import {
  LsmError,
  type Directory,
  type DirectoryEntry,
  type DirectoryLock,
  type ReadableFile,
  type WritableFile,
} from '@lsm/base'

import { checkName } from '../arguments.ts'
import { closedDirectory } from '../closed-error.ts'
import { CrashableReadableFile, CrashableWritableFile } from './crashable-files.ts'
import type { Disk } from './disk.ts'
import { RecordedFile } from './recorded-file.ts'
import { RecordedFolder, type NameChange } from './recorded-folder.ts'

/** See {@link Directory}. */
export class CrashableDirectory implements Directory {
  readonly path: string
  readonly #folder: RecordedFolder
  readonly #disk: Disk
  #open = true

  constructor(path: string, folder: RecordedFolder, disk: Disk) {
    this.path = path
    this.#folder = folder
    this.#disk = disk
  }

  async list(): Promise<DirectoryEntry[]> {
    this.#check()
    this.#disk.step('list', this.path)
    return Array.from(this.#folder.names, ([name, node]) =>
      node instanceof RecordedFile ? { name, size: node.size, isFile: true } : { name, size: 0, isFile: false },
    )
  }

  async createFile(name: string): Promise<WritableFile> {
    this.#file(name)
    return new CrashableWritableFile(name, this.#create(name), this.#disk)
  }

  async openFile(name: string): Promise<ReadableFile> {
    return this.openFileSync(name)
  }

  openFileSync(name: string): ReadableFile {
    const file = this.#existing(name)
    this.#disk.step('open', name)
    return new CrashableReadableFile(name, file, this.#disk)
  }

  async replaceFile(name: string, bytes: Uint8Array): Promise<void> {
    this.#file(name)
    const temporary = `${name}.tmp`
    const file = this.#create(temporary)
    let change: NameChange
    try {
      this.#disk.append(file, temporary, bytes, 0, bytes.length)
      await this.#disk.sync(file, temporary)
      this.#disk.step('rename', temporary)
      change = this.#rename(temporary, name, file)
    } catch (error) {
      if (!this.#disk.isKilled) this.#remove(temporary)
      throw error
    }
    await this.#syncNames(change)
  }

  async removeFile(name: string): Promise<void> {
    if (this.#file(name) === undefined) return
    this.#disk.step('remove', name)
    this.#remove(name)
  }

  async sync(): Promise<void> {
    this.#check()
    await this.#syncNames()
  }

  async syncFile(name: string): Promise<void> {
    await this.#disk.sync(this.#existing(name), name)
  }

  async lock(name: string): Promise<DirectoryLock> {
    checkName(name)
    this.#check()
    const { locks } = this.#folder
    if (this.#folder.isLocked(name)) {
      throw new LsmError('LSM_LOCKED', `${this.path} is in use by this process; close it there`)
    }
    const lock = { holder: this.#disk }
    locks.set(name, lock)
    return {
      release: async () => {
        if (locks.get(name) === lock) locks.delete(name)
      },
    }
  }

  async close(): Promise<void> {
    this.#open = false
  }

  #create(name: string): RecordedFile {
    this.#disk.step('create', name)
    this.#free(name)
    const file = new RecordedFile(this.#disk.last)
    this.#folder.change(this.#disk.last, [[name, file]])
    return file
  }

  #rename(from: string, to: string, file: RecordedFile): NameChange {
    this.#free(to)
    return this.#folder.change(this.#disk.last, [
      [to, file],
      [from, undefined],
    ])
  }

  #remove(name: string): void {
    if (!this.#folder.names.has(name)) return
    this.#free(name)
    this.#folder.change(this.#disk.last, [[name, undefined]])
  }

  /** Gives back the space of what a name leads to. */
  #free(name: string): void {
    const node = this.#folder.names.get(name)
    if (node instanceof RecordedFile) this.#disk.space.used -= node.size
  }

  /** Makes names durable: of one change, or of all so far. */
  async #syncNames(only?: NameChange): Promise<void> {
    const before = this.#disk.last
    await this.#disk.pause()
    const effect = this.#disk.step('sync-directory', this.path, 0, () => this.#folder.lose(before, only))
    if (effect === 'lose') this.#folder.lose(before, only)
    else this.#folder.sync(this.#disk.last, before, only)
  }

  #existing(name: string): RecordedFile {
    const file = this.#file(name)
    if (file === undefined) throw new LsmError('LSM_NOT_FOUND', `no such file in ${this.path}`, { file: name })
    return file
  }

  /** The file of a name, if there is one. */
  #file(name: string): RecordedFile | undefined {
    checkName(name)
    this.#check()
    const node = this.#folder.names.get(name)
    if (!(node instanceof RecordedFolder)) return node
    throw new LsmError('LSM_IO', `expected a file in ${this.path} but found a directory`, { file: name })
  }

  #check(): void {
    if (!this.#open) throw closedDirectory(this.path)
  }
}
