/** A directory whose n-th change of what is on disk fails. */
import {
  LsmError,
  type Directory,
  type DirectoryEntry,
  type DirectoryLock,
  type ReadableFile,
  type WritableFile,
} from '@lsm/base'

/** Passes everything on to a directory, except one change. */
export class FailingDirectory implements Directory {
  /** The changes that were asked for, in order. */
  readonly changes: string[] = []
  /** Which change fails, counted from 0. */
  failAt: number = Number.POSITIVE_INFINITY
  readonly failure: LsmError = new LsmError('LSM_IO', 'the disk is gone')
  readonly #inner: Directory

  constructor(inner: Directory) {
    this.#inner = inner
  }

  get path(): string {
    return this.#inner.path
  }

  /** Notes a change, and fails if its turn has come. */
  change(what: string): void {
    this.changes.push(what)
    if (this.changes.length - 1 === this.failAt) throw this.failure
  }

  list(): Promise<DirectoryEntry[]> {
    return this.#inner.list()
  }

  async createFile(name: string): Promise<WritableFile> {
    this.change(`create ${name}`)
    return new FailingFile(this, await this.#inner.createFile(name))
  }

  openFile(name: string): Promise<ReadableFile> {
    return this.#inner.openFile(name)
  }

  async replaceFile(name: string, bytes: Uint8Array): Promise<void> {
    this.change(`replace ${name}`)
    await this.#inner.replaceFile(name, bytes)
  }

  async removeFile(name: string): Promise<void> {
    this.change(`remove ${name}`)
    await this.#inner.removeFile(name)
  }

  async sync(): Promise<void> {
    this.change('sync directory')
    await this.#inner.sync()
  }

  async syncFile(name: string): Promise<void> {
    this.change(`sync ${name}`)
    await this.#inner.syncFile(name)
  }

  lock(name: string): Promise<DirectoryLock> {
    return this.#inner.lock(name)
  }

  close(): Promise<void> {
    return this.#inner.close()
  }
}

class FailingFile implements WritableFile {
  readonly #directory: FailingDirectory
  readonly #inner: WritableFile

  constructor(directory: FailingDirectory, inner: WritableFile) {
    this.#directory = directory
    this.#inner = inner
  }

  get name(): string {
    return this.#inner.name
  }

  get size(): number {
    return this.#inner.size
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    this.#directory.change(`append ${this.name}`)
    this.#inner.append(bytes, start, end)
  }

  async sync(): Promise<void> {
    this.#directory.change(`sync ${this.name}`)
    await this.#inner.sync()
  }

  close(): Promise<void> {
    return this.#inner.close()
  }
}
