/**
 * A folder of its own for each test, gone when the test is over.
 */
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Runs a test in a new folder. */
export async function inFolder<T>(body: (path: string) => Promise<T>): Promise<T> {
  const path = await mkdtemp(join(await realpath(tmpdir()), 'lsm-fs-'))
  try {
    return await body(path)
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}
