/**
 * Begins manifests.
 *
 *     record synced -> name durable -> CURRENT replaced
 *
 * Whatever a crash leaves of these steps, CURRENT names a manifest that is whole.
 */
import { COMPARATOR_NAME, type Directory } from '@lsm/base'
import { LogWriter } from '@lsm/wal'

import { writeCurrent } from './current.ts'
import { manifestFileName } from './file-names.ts'
import { VersionEdit } from './version-edit.ts'
import type { Version } from './version.ts'

/** The edit that makes a version of nothing. */
export function snapshotEdit(version: Version, compactPointers: readonly (Uint8Array | undefined)[]): VersionEdit {
  const edit = new VersionEdit()
  edit.comparator = COMPARATOR_NAME
  for (const [level, key] of compactPointers.entries()) {
    if (key !== undefined) edit.compactPointers.push({ level, key })
  }
  for (const [level, files] of version.levels.entries()) for (const file of files) edit.added.push({ level, file })
  return edit
}

/** Makes a manifest that begins with an edit, and makes it the live one. */
export async function beginManifest(directory: Directory, number: number, edit: VersionEdit): Promise<LogWriter> {
  const writer = new LogWriter(await directory.createFile(manifestFileName(number)))
  try {
    const record = edit.encode()
    writer.append(record, 0, record.length)
    await writer.sync()
    await directory.sync()
    await writeCurrent(directory, number)
    return writer
  } catch (error) {
    await writer.close().catch(() => undefined)
    throw error
  }
}
