/**
 * A directory of Node's file system, behind the contract: names in, open files out, errors translated.
 *
 * Only names of the engine's own shape reach the system, joined to the directory's real path, which was found when
 * it was opened. How files are opened is in `node-open.ts`, how the directory is locked in `node-lock.ts`.
 */
import type { Directory, DirectoryEntry, ModuleReference, ReadableFile, WritableFile } from '@lsm/base'
import type { Dirent } from 'node:fs'
import { lstat, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'

import { checkName } from './arguments.ts'
import { closedDirectory } from './closed-error.ts'
import { syncDirectory } from './node-directory-sync.ts'
import { errorCode, ioError } from './node-errors.ts'
import type { NodeDirectoryLock } from './node-lock.ts'
import { createNew, openRegular, openRegularSync, removeIfThere, syncRegular, type OpenFile } from './node-open.ts'
import { NodeReadableFile } from './node-readable-file.ts'
import { whileBusy } from './node-retry.ts'
import { NodeWritableFile } from './node-writable-file.ts'

/** What an open directory is, as plain data. */
interface NodeDirectoryPlace {
  readonly path: string
  /** The real path of the directory. */
  readonly root: string
  readonly fileMode: number
}

/**
 * Opens the same directory in another thread, from the argument of {@link NodeDirectory.module}.
 *
 * @public
 */
export function openPlace({ path, root, fileMode }: NodeDirectoryPlace): NodeDirectory {
  return new NodeDirectory(path, root, fileMode)
}

/** See {@link Directory}. */
export class NodeDirectory implements Directory {
  readonly path: string
  readonly module: ModuleReference
  readonly #root: string
  readonly #fileMode: number
  #open = true

  /** @param root - the real path of the directory. */
  constructor(path: string, root: string, fileMode: number) {
    this.path = path
    this.#root = root
    this.#fileMode = fileMode
    const place: NodeDirectoryPlace = { path, root, fileMode }
    this.module = { url: import.meta.url, export: 'openPlace', argument: place }
  }

  async list(): Promise<DirectoryEntry[]> {
    this.#check()
    try {
      const found = await readdir(this.#root, { withFileTypes: true })
      const entries = await Promise.all(found.map(entry => describe(this.#root, entry)))
      return entries.filter(entry => entry !== undefined)
    } catch (error) {
      throw ioError(error, `list ${this.path}`)
    }
  }

  async createFile(name: string): Promise<WritableFile> {
    const path = this.#path(name)
    try {
      return new NodeWritableFile(name, await createNew(path, this.#fileMode), this.path)
    } catch (error) {
      throw ioError(error, `create a file in ${this.path}`, name)
    }
  }

  async openFile(name: string): Promise<ReadableFile> {
    const path = this.#path(name)
    try {
      return this.#readable(name, await openRegular(path))
    } catch (error) {
      throw ioError(error, `open a file in ${this.path}`, name)
    }
  }

  openFileSync(name: string): ReadableFile {
    const path = this.#path(name)
    try {
      return this.#readable(name, openRegularSync(path))
    } catch (error) {
      throw ioError(error, `open a file in ${this.path}`, name)
    }
  }

  async replaceFile(name: string, bytes: Uint8Array): Promise<void> {
    const path = this.#path(name)
    const temporary = `${path}.tmp`
    try {
      await this.#writeWhole(temporary, name, bytes)
      await whileBusy(() => rename(temporary, path))
    } catch (error) {
      await removeIfThere(temporary).catch(() => {})
      throw ioError(error, `replace a file in ${this.path}`, name)
    }
    await syncDirectory(this.#root)
  }

  async removeFile(name: string): Promise<void> {
    const path = this.#path(name)
    try {
      await removeIfThere(path)
    } catch (error) {
      throw ioError(error, `remove a file in ${this.path}`, name)
    }
  }

  async sync(): Promise<void> {
    this.#check()
    await syncDirectory(this.#root)
  }

  async syncFile(name: string): Promise<void> {
    const path = this.#path(name)
    try {
      await syncRegular(path)
    } catch (error) {
      throw ioError(error, `sync a file in ${this.path}`, name)
    }
  }

  async lock(name: string): Promise<NodeDirectoryLock> {
    checkName(name)
    this.#check()
    // Sockets and child processes are only loaded by those who lock: a database that is only read does not.
    const { lockDirectory } = await import('./node-lock.ts')
    return lockDirectory({ path: this.path, root: this.#root, name, fileMode: this.#fileMode })
  }

  async close(): Promise<void> {
    this.#open = false
  }

  /** Writes a file, durably but for its name. */
  async #writeWhole(path: string, name: string, bytes: Uint8Array): Promise<void> {
    const file = new NodeWritableFile(name, await createNew(path, this.#fileMode), this.path)
    try {
      file.append(bytes, 0, bytes.length)
      await file.sync()
    } finally {
      await file.close()
    }
  }

  #readable(name: string, { fd, size }: OpenFile): NodeReadableFile {
    return new NodeReadableFile(name, size, fd, this.path)
  }

  #path(name: string): string {
    checkName(name)
    this.#check()
    return join(this.#root, name)
  }

  #check(): void {
    if (!this.#open) throw closedDirectory(this.path)
  }
}

/** What one name stands for; `undefined` if it was removed meanwhile. */
async function describe(root: string, entry: Dirent): Promise<DirectoryEntry | undefined> {
  const { name } = entry
  if (!entry.isFile()) return { name, size: 0, isFile: false }
  try {
    const stats = await lstat(join(root, name))
    return { name, size: stats.isFile() ? stats.size : 0, isFile: stats.isFile() }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
