/**
 * The system's errors in the contract's words: one place decides which code an errno gets and what it says.
 *
 * A message tells what was being done to which file, what went wrong in plain words, and what to do next; the
 * system's own error is the `cause`.
 */
import { LsmError, type LsmErrorCode } from '@lsm/base'

const CODES: ReadonlyMap<string, LsmErrorCode> = new Map<string, LsmErrorCode>([
  ['ENOENT', 'LSM_NOT_FOUND'],
  ['ENOSPC', 'LSM_DISK_FULL'],
  ['EDQUOT', 'LSM_DISK_FULL'],
  ['EFBIG', 'LSM_DISK_FULL'],
])

const REASONS: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'permission was refused; check the owner and the mode of the directory'],
  ['EBUSY', 'another program is using it; end that program and try again'],
  ['EDQUOT', 'the quota is used up; free some space and try again'],
  ['EEXIST', 'something made it at the same moment; see that only one process uses the directory'],
  ['EFBIG', 'the file would be larger than the file system or a limit (ulimit -f) allows; raise the limit'],
  ['EIO', 'the device failed; look into the system log and check the device before going on'],
  ['EISDIR', 'it is a directory, where a file was expected; move it away'],
  ['ELOOP', 'it is a symbolic link, which is not followed; put the file itself in its place'],
  ['EMFILE', 'this process has too many files open; raise the limit (ulimit -n) or keep fewer open'],
  ['EMLINK', 'it is a symbolic link, which is not followed; put the file itself in its place'],
  ['ENFILE', 'the system has too many files open; raise its limit or end other programs'],
  ['ENOENT', 'it is not there; check the path'],
  ['ENOSPC', 'the disk is full; free some space and try again'],
  ['ENOTDIR', 'a part of the path is a file and not a directory; choose another path'],
  ['EPERM', 'permission was refused; check the owner and the mode of the directory'],
  ['EROFS', 'the file system is read-only; make it writable or choose another place'],
  [
    'ERR_ACCESS_DENIED',
    "Node's permission model forbids it; start Node with --allow-fs-read and --allow-fs-write for it",
  ],
])

/** The errno name of a system error, such as `ENOENT`; empty for any other value. */
export function errorCode(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return typeof code === 'string' ? code : ''
}

/**
 * An error of the system as an `LsmError`; one that is an `LsmError` already stays as it is.
 *
 * @param doing - what failed, after "could not": `append to /data/db`.
 * @param file - the file's name inside its directory, where there is one.
 */
export function ioError(error: unknown, doing: string, file?: string): LsmError {
  if (error instanceof LsmError) return error
  const code = errorCode(error)
  const reason = REASONS.get(code) ?? `the system said ${code === '' ? String(error) : code}; see the cause`
  return new LsmError(CODES.get(code) ?? 'LSM_IO', `could not ${doing}: ${reason}`, { file, cause: error })
}
