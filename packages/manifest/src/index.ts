/**
 * Which tables make up a database: version edits and versions, the MANIFEST that records them, CURRENT, and file names.
 *
 * @packageDocumentation
 * @category Packages
 */
export {
  CURRENT,
  legacyTableFileName,
  LOCK,
  logFileName,
  manifestFileName,
  parseFileName,
  tableFileName,
  type FileKind,
  type FileName,
} from './file-names.ts'
export type { RecoveredManifest } from './manifest-reader.ts'
export { LEVELS, VersionEdit, type FileMetadata } from './version-edit.ts'
export { VersionSet } from './version-set.ts'
export { Version } from './version.ts'
