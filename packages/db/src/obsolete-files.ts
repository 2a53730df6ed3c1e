/**
 * Which files may go?
 *
 *     table      in no version that anybody holds, and in no job
 *     log        below the log number of the MANIFEST
 *     manifest   not the current one
 *     temporary  always
 *
 * 1. Only names of the engine's own grammar are touched; anything else in the directory stays.
 * 2. What is judged obsolete can never be needed again: numbers are not given out twice, and nobody can pin a version
 *    that is neither current nor pinned.
 * 3. Once the MANIFEST has failed nothing is removed: an edit whose outcome is unknown may name what no version does.
 * 4. Failing to remove a file loses nothing: it is tried again at the next change and the next open.
 */
import type { Directory, DirectoryEntry, LsmError } from '@lsm/base'
import { parseFileName, type FileName, type VersionSet } from '@lsm/manifest'
import type { TableCache } from '@lsm/sstable'

/** Removes files that nothing needs any more. */
export class ObsoleteFiles {
  /** The last failure to remove a file. */
  lastError: LsmError | undefined
  readonly #directory: Directory
  readonly #versions: VersionSet
  readonly #tables: TableCache
  /** Numbers of files that are being written. */
  readonly #pending = new Set<number>()

  constructor(directory: Directory, versions: VersionSet, tables: TableCache) {
    this.#directory = directory
    this.#versions = versions
    this.#tables = tables
  }

  /** Keeps a file that no version knows yet. */
  protect(number: number): void {
    this.#pending.add(number)
  }

  /** Ends the protection: the file is installed, or given up. */
  unprotect(number: number): void {
    this.#pending.delete(number)
  }

  /** Looks through the directory and removes what may go. */
  async remove(): Promise<void> {
    if (this.#versions.failed) return
    for (const { name, kind, number } of this.#judge(await this.#directory.list())) {
      if (kind === 'table') this.#tables.evict(number)
      await this.#directory.removeFile(name).catch((error: LsmError) => {
        this.lastError = error
      })
    }
  }

  /**
   * What may go, of what was listed. Judged in one go, after the listing: what is obsolete then, stays so, whereas a file
   * that a job was writing when the listing began may have been installed meanwhile.
   */
  #judge(entries: readonly DirectoryEntry[]): (FileName & { readonly name: string })[] {
    const live = this.#versions.liveTables()
    return entries.flatMap(({ name, isFile }) => {
      const parsed = parseFileName(name)
      return parsed !== undefined && isFile && this.#isObsolete(parsed, live) ? [{ ...parsed, name }] : []
    })
  }

  #isObsolete({ kind, number }: FileName, live: ReadonlySet<number>): boolean {
    const { logNumber, prevLogNumber, manifestNumber } = this.#versions
    switch (kind) {
      case 'table':
        return !live.has(number) && !this.#pending.has(number)
      case 'log':
        return number < logNumber && number !== prevLogNumber
      case 'manifest':
        return number !== manifestNumber
      case 'temporary':
        return true
      case 'current':
      case 'lock':
      case 'info':
        return false
    }
  }
}
