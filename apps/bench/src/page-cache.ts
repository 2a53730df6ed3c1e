/**
 * The pages of files that the system keeps in memory: a workload about a cold disk must be rid of them.
 *
 * Linux drops what is clean and not mapped at the moment, of all programs alike; so programs keep their code, and a
 * database that maps its files keeps what it has touched. What is dirty must be written first.
 */
import { execFileSync } from 'node:child_process'
import { accessSync, constants, writeFileSync } from 'node:fs'

/** Pages of files in memory. */
export interface PageCache {
  /** Why they cannot be dropped, or `undefined`. */
  lack(): string | undefined
  /** Writes and drops them all; takes a while. */
  drop(): void
}

const CONTROL = '/proc/sys/vm/drop_caches'

/** Pages, and what the system knows of directories and files. */
const EVERYTHING = '3'

/** Those of this system. */
export const systemPageCache: PageCache = {
  lack(): string | undefined {
    if (process.platform !== 'linux') return 'the page cache can be dropped on Linux only'
    try {
      accessSync(CONTROL, constants.W_OK)
      return undefined
    } catch {
      return 'only root can drop the page cache'
    }
  },
  drop(): void {
    execFileSync('sync')
    writeFileSync(CONTROL, EVERYTHING)
  },
}
