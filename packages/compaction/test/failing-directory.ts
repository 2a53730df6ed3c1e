/** A directory whose n-th operation fails. */
import { LsmError, type Directory, type ReadableFile, type WritableFile } from '@lsm/base'

/** Passes everything on to a directory in memory or on disk, except one operation. */
export class FailingDirectory implements Directory {
  /** The operations that were asked for, in order. */
  readonly trace: string[] = []
  /** Which operation fails, counted from 0. */
  failAt: number = Number.POSITIVE_INFINITY
  /** Files that were opened and not closed. */
  open = 0
  readonly path: string
  readonly openFileSync?: (name: string) => ReadableFile
  readonly #inner: Directory

  /** @param blocking - whether files can be read synchronously. */
  constructor(inner: Directory, blocking: boolean) {
    this.path = inner.path
    this.#inner = inner
    if (blocking) {
      this.openFileSync = name => {
        this.step(`open ${name}`)
        return new FailingReads(inner.openFileSync!(name), this)
      }
    }
  }

  /** Notes an operation, and fails if its turn has come. */
  step(what: string): void {
    this.trace.push(what)
    if (this.trace.length - 1 === this.failAt) throw new LsmError('LSM_IO', `${what} failed on purpose`)
  }

  list: Directory['list'] = () => this.#inner.list()

  createFile: Directory['createFile'] = async name => {
    this.step(`create ${name}`)
    return new FailingWrites(await this.#inner.createFile(name), this)
  }

  openFile: Directory['openFile'] = async name => {
    this.step(`open ${name}`)
    return new FailingReads(await this.#inner.openFile(name), this)
  }

  replaceFile: Directory['replaceFile'] = (name, bytes) => this.#inner.replaceFile(name, bytes)

  removeFile: Directory['removeFile'] = name => this.#inner.removeFile(name)

  sync: Directory['sync'] = async () => {
    this.step('sync directory')
    await this.#inner.sync()
  }

  syncFile: Directory['syncFile'] = async name => {
    this.step(`sync ${name}`)
    await this.#inner.syncFile(name)
  }

  lock: Directory['lock'] = name => this.#inner.lock(name)

  close: Directory['close'] = () => this.#inner.close()
}

class FailingReads implements ReadableFile {
  readonly name: string
  readonly size: number
  readonly #inner: ReadableFile
  readonly #directory: FailingDirectory

  constructor(inner: ReadableFile, directory: FailingDirectory) {
    this.name = inner.name
    this.size = inner.size
    this.#inner = inner
    this.#directory = directory
    directory.open++
  }

  read: ReadableFile['read'] = async (...range) => {
    this.#directory.step(`read ${this.name}`)
    return this.#inner.read(...range)
  }

  readSync: NonNullable<ReadableFile['readSync']> = (...range) => {
    this.#directory.step(`read ${this.name}`)
    return this.#inner.readSync!(...range)
  }

  async close(): Promise<void> {
    this.#directory.open--
    await this.#inner.close()
  }
}

class FailingWrites implements WritableFile {
  readonly name: string
  readonly #inner: WritableFile
  readonly #directory: FailingDirectory
  #open = true

  constructor(inner: WritableFile, directory: FailingDirectory) {
    this.name = inner.name
    this.#inner = inner
    this.#directory = directory
    directory.open++
  }

  get size(): number {
    return this.#inner.size
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    this.#directory.step(`append ${this.name}`)
    this.#inner.append(bytes, start, end)
  }

  async sync(): Promise<void> {
    this.#directory.step(`sync ${this.name}`)
    await this.#inner.sync()
  }

  async close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    this.#directory.open--
    await this.#inner.close()
    this.#directory.step(`close ${this.name}`)
  }
}
