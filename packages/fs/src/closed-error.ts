/**
 * The errors of using what was closed.
 */
import { LsmError } from '@lsm/base'

/** The error of using a file after `close()`. */
export function closedFile(name: string): LsmError {
  return new LsmError('LSM_CLOSED', 'the file was closed; open it again', { file: name })
}

/** The error of using a directory after `close()`. */
export function closedDirectory(path: string): LsmError {
  return new LsmError('LSM_CLOSED', `the directory ${path} was closed; open it again`)
}
