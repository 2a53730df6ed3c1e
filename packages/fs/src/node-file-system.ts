/**
 * Node's file system behind the contract.
 *
 * 1. A directory that is made, is made durably: the directory above each new one is synced.
 * 2. The path is resolved once, at opening. Links in it may change afterwards; the open directory stays what it was.
 */
import { LsmError, type Directory, type FileSystem } from '@lsm/base'
import { mkdir, readdir, realpath, rmdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

import { checkName } from './arguments.ts'
import { NodeDirectory } from './node-directory.ts'
import { syncDirectory } from './node-directory-sync.ts'
import { errorCode, ioError } from './node-errors.ts'

/** Modes of what is made, before the process's umask. */
export interface NodeFileSystemOptions {
  /** Of files; 0o600 unless given: only the owner reads a database. LevelDB uses 0o644. */
  readonly fileMode?: number | undefined
  /** Of directories; 0o700 unless given. LevelDB uses 0o755. */
  readonly directoryMode?: number | undefined
}

const LEFT_ALONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTEMPTY', 'EEXIST'])

/**
 * See {@link FileSystem}.
 *
 * @example
 * ```ts
 * import { nodeFileSystem } from '@lsm/fs/node'
 *
 * const directory = await nodeFileSystem.openDirectory('notes', true)
 * await directory.replaceFile('CURRENT', new TextEncoder().encode('hello'))
 * console.log(await directory.list()) // [ { name: 'CURRENT', size: 5, isFile: true } ]
 * ```
 */
export class NodeFileSystem implements FileSystem {
  readonly #fileMode: number
  readonly #directoryMode: number

  constructor(options: NodeFileSystemOptions = {}) {
    this.#fileMode = options.fileMode ?? 0o600
    this.#directoryMode = options.directoryMode ?? 0o700
  }

  async openDirectory(path: string, create: boolean): Promise<Directory> {
    try {
      if (create) await this.#make(resolve(path))
      const root = await realpath(path)
      await refuseFile(root, path)
      return new NodeDirectory(path, root, this.#fileMode)
    } catch (error) {
      throw ioError(error, `open the directory ${path}`)
    }
  }

  /**
   * Who holds a directory: the refusal that locking it would meet now, or `undefined`. Takes nothing and changes nothing.
   *
   * @param name - the lock's name, as for `Directory.lock`.
   */
  async lockRefusal(path: string, name: string): Promise<LsmError | undefined> {
    checkName(name)
    try {
      const root = await realpath(path)
      const { lockRefusal } = await import('./node-lock.ts')
      return await lockRefusal({ path, root, name })
    } catch (error) {
      throw ioError(error, `look for the lock of ${path}`, name)
    }
  }

  async removeDirectory(path: string): Promise<void> {
    try {
      await rmdir(path)
    } catch (error) {
      if (!LEFT_ALONE.has(errorCode(error))) throw ioError(error, `remove the directory ${path}`)
    }
  }

  /** Makes the directory and those above it that are missing, from the top down. */
  async #make(path: string): Promise<void> {
    const missing: string[] = []
    for (let at = path; !(await isThere(at)); at = dirname(at)) missing.push(at)
    for (const at of missing.toReversed()) {
      await this.#makeOne(at)
      await syncDirectory(dirname(at))
    }
    if (missing.length === 0) await finishMaking(path)
  }

  async #makeOne(path: string): Promise<void> {
    try {
      await mkdir(path, { mode: this.#directoryMode })
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
    }
  }
}

/** Node's file system with the default modes. */
export const nodeFileSystem: NodeFileSystem = new NodeFileSystem()

/**
 * An empty directory may be one whose maker died before its name was durable. The directory above may be out of
 * reach, as it may rightly be when it was made by someone else; then its maker answers for it.
 */
async function finishMaking(path: string): Promise<void> {
  try {
    if ((await readdir(path)).length === 0) await syncDirectory(dirname(path))
  } catch {
    // What is wrong with the directory itself is said when it is opened.
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
}

async function refuseFile(root: string, path: string): Promise<void> {
  if ((await stat(root)).isDirectory()) return
  throw new LsmError('LSM_IO', `could not open the directory ${path}: it is there, but not a directory; choose another`)
}
