/**
 * Directories with manifests, for tests.
 */
import type { Directory } from '@lsm/base'
import { MemoryFileSystem } from '@lsm/fs'
import { LogWriter } from '@lsm/wal'

import { CURRENT, manifestFileName } from '../src/file-names.ts'
import type { VersionEdit } from '../src/version-edit.ts'

export function newDirectory(): Promise<Directory> {
  return new MemoryFileSystem().openDirectory('database', true)
}

/** Writes a file of Latin-1 text. */
export async function write(directory: Directory, name: string, text: string): Promise<void> {
  const bytes = Uint8Array.from(text, character => character.charCodeAt(0))
  const file = await directory.createFile(name)
  file.append(bytes, 0, bytes.length)
  await file.close()
}

/** The bytes of a file as Latin-1 text. */
export async function textOf(directory: Directory, name: string): Promise<string> {
  const file = await directory.openFile(name)
  const bytes = new Uint8Array(file.size)
  await file.read(0, bytes, 0, bytes.length)
  await file.close()
  return Array.from(bytes, byte => String.fromCharCode(byte)).join('')
}

/** Makes a database of nothing but these edits. */
export async function writeManifest(
  directory: Directory,
  number: number,
  edits: readonly VersionEdit[],
): Promise<void> {
  const writer = new LogWriter(await directory.createFile(manifestFileName(number)))
  for (const next of edits) {
    const record = next.encode()
    writer.append(record, 0, record.length)
  }
  await writer.close()
  await write(directory, CURRENT, `${manifestFileName(number)}\n`)
}
