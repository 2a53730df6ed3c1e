/**
 * A file system in memory: for tests, for caches, and as the place of a database that need not outlive its process.
 *
 * 1. Everyone who opens the same path of one instance sees the same directory; two instances share nothing.
 * 2. Files keep the contract's promises short of durability: `sync` returns at once.
 *
 * It uses nothing of any platform, so it runs in browsers as it does in Node.
 */
import { LsmError, type Directory, type FileSystem } from '@lsm/base'

import { MemoryDirectory, MemoryFolder } from './memory-directory.ts'
import { pathSegments } from './path-segments.ts'

/**
 * See {@link FileSystem}. Paths are taken apart at `/`; absolute and relative ones mean the same.
 *
 * @example
 * ```ts
 * import { MemoryFileSystem } from '@lsm/fs/memory'
 *
 * const directory = await new MemoryFileSystem().openDirectory('notes', true)
 * await directory.replaceFile('CURRENT', new TextEncoder().encode('hello'))
 * console.log(await directory.list()) // [ { name: 'CURRENT', size: 5, isFile: true } ]
 * ```
 */
export class MemoryFileSystem implements FileSystem {
  readonly #root = new MemoryFolder()

  async openDirectory(path: string, create: boolean): Promise<Directory> {
    let folder = this.#root
    for (const name of pathSegments(path)) {
      if (folder.files.has(name))
        throw new LsmError('LSM_IO', `${path} is a file, or lies below one; choose another path`)
      folder = folder.folders.get(name) ?? make(folder, name, path, create)
    }
    return new MemoryDirectory(path, folder)
  }

  async removeDirectory(path: string): Promise<void> {
    const names = pathSegments(path)
    const last = names.pop()
    let parent: MemoryFolder | undefined = this.#root
    for (const name of names) parent = parent?.folders.get(name)
    const folder = last === undefined ? undefined : parent?.folders.get(last)
    if (folder !== undefined && isEmpty(folder)) parent?.folders.delete(last ?? '')
  }
}

function make(parent: MemoryFolder, name: string, path: string, create: boolean): MemoryFolder {
  if (!create) throw new LsmError('LSM_NOT_FOUND', `there is no directory ${path}`)
  const folder = new MemoryFolder()
  parent.folders.set(name, folder)
  return folder
}

/** Whether nothing is in it, and nobody holds it. */
function isEmpty({ files, folders, locks }: MemoryFolder): boolean {
  return files.size === 0 && folders.size === 0 && locks.size === 0
}
