/**
 * A small database as a map of files, and copies of it with something wrong.
 */
import { MemoryFileSystem } from '@lsm/fs/memory'

/** Names and bytes of a directory. */
export type Files = ReadonlyMap<string, Uint8Array>

/** Everything in a directory of a file system. */
export async function filesOf(fileSystem: MemoryFileSystem, path: string): Promise<Map<string, Uint8Array>> {
  const directory = await fileSystem.openDirectory(path, false)
  const files = new Map<string, Uint8Array>()
  for (const { name } of (await directory.list()).filter(({ isFile }) => isFile)) {
    const file = await directory.openFile(name)
    const bytes = new Uint8Array(file.size)
    await file.read(0, bytes, 0, bytes.length)
    files.set(name, bytes)
  }
  await directory.close()
  return files
}

/** A file system whose directory `/db` holds these files. */
export async function fileSystemOf(files: Files): Promise<MemoryFileSystem> {
  const fileSystem = new MemoryFileSystem()
  const directory = await fileSystem.openDirectory('/db', true)
  for (const [name, bytes] of files) {
    const file = await directory.createFile(name)
    file.append(bytes, 0, bytes.length)
    await file.close()
  }
  await directory.close()
  return fileSystem
}

/** A copy of the files in which one has other bytes, or is missing. */
export function withFile(files: Files, name: string, bytes: Uint8Array | undefined): Files {
  const copy = new Map(files)
  if (bytes === undefined) copy.delete(name)
  else copy.set(name, bytes)
  return copy
}

/** A copy of bytes with one bit flipped. */
export function flipped(bytes: Uint8Array, at: number, bit: number): Uint8Array {
  const copy = bytes.slice()
  copy[at] ^= 1 << bit
  return copy
}
