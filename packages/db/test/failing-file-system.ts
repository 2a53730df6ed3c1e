/**
 * A file system whose n-th operation fails, once or from then on.
 */
import {
  LsmError,
  type Directory,
  type FileSystem,
  type LsmErrorCode,
  type ReadableFile,
  type WritableFile,
} from '@lsm/base'

/** Wraps another file system; counts its operations and fails one. */
export class FailingFileSystem implements FileSystem {
  /** Operations so far. */
  operations = 0
  /** Their names, in order. */
  readonly trace: string[] = []
  /** The operations that failed, by name. */
  readonly failed: string[] = []
  /** Number of the operation that fails, counted from 1; 0 for none. */
  failAt = 0
  /** Fails every operation whose name it is true for. */
  failWhen: ((name: string) => boolean) | undefined
  /** What failing operations fail with. */
  code: LsmErrorCode = 'LSM_IO'
  /** Whether all later operations fail too. */
  sticky = false
  readonly #inner: FileSystem

  constructor(inner: FileSystem) {
    this.#inner = inner
  }

  async openDirectory(path: string, create: boolean): Promise<Directory> {
    return new FailingDirectory(await this.#inner.openDirectory(path, create), this)
  }

  removeDirectory(path: string): Promise<void> {
    return this.#inner.removeDirectory(path)
  }

  /** Counts an operation; throws if it is the one to fail. */
  step(name: string): void {
    this.operations++
    this.trace.push(name)
    const due = this.failAt > 0 && (this.sticky ? this.operations >= this.failAt : this.operations === this.failAt)
    if (!due && this.failWhen?.(name) !== true) return
    this.failed.push(name)
    throw new LsmError(this.code, `${name} failed on purpose`)
  }
}

class FailingDirectory implements Directory {
  readonly path: string
  readonly #inner: Directory
  readonly #system: FailingFileSystem

  constructor(inner: Directory, system: FailingFileSystem) {
    this.path = inner.path
    this.#inner = inner
    this.#system = system
  }

  list: Directory['list'] = async () => {
    this.#system.step('list')
    return this.#inner.list()
  }

  createFile: Directory['createFile'] = async name => {
    this.#system.step(`create ${name}`)
    return failingWrites(await this.#inner.createFile(name), this.#system)
  }

  openFile: Directory['openFile'] = async name => {
    this.#system.step(`open ${name}`)
    return failingReads(await this.#inner.openFile(name), this.#system)
  }

  openFileSync: NonNullable<Directory['openFileSync']> = name => {
    this.#system.step(`open ${name}`)
    return failingReads(this.#inner.openFileSync!(name), this.#system)
  }

  replaceFile: Directory['replaceFile'] = async (name, bytes) => {
    this.#system.step(`replace ${name}`)
    return this.#inner.replaceFile(name, bytes)
  }

  removeFile: Directory['removeFile'] = async name => {
    this.#system.step(`remove ${name}`)
    return this.#inner.removeFile(name)
  }

  sync: Directory['sync'] = async () => {
    this.#system.step('sync directory')
    return this.#inner.sync()
  }

  syncFile: Directory['syncFile'] = async name => {
    this.#system.step(`sync ${name}`)
    return this.#inner.syncFile(name)
  }

  lock: Directory['lock'] = name => this.#inner.lock(name)

  close: Directory['close'] = () => this.#inner.close()
}

function failingWrites(inner: WritableFile, system: FailingFileSystem): WritableFile {
  return {
    name: inner.name,
    get size() {
      return inner.size
    },
    append(bytes, start, end) {
      system.step(`append ${inner.name}`)
      inner.append(bytes, start, end)
    },
    async sync() {
      system.step(`sync ${inner.name}`)
      return inner.sync()
    },
    async close() {
      await inner.close()
      system.step(`close ${inner.name}`)
    },
  }
}

function failingReads(inner: ReadableFile, system: FailingFileSystem): ReadableFile {
  return {
    name: inner.name,
    size: inner.size,
    async read(...range) {
      system.step(`read ${inner.name}`)
      return inner.read(...range)
    },
    readSync(...range) {
      system.step(`read ${inner.name}`)
      return inner.readSync!(...range)
    },
    close: () => inner.close(),
  }
}
