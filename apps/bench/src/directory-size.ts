/**
 * How many bytes a directory holds.
 */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** The sum of the sizes of the files in a directory and below. */
export async function directorySize(path: string): Promise<number> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile())
  const sizes = await Promise.all(files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}
