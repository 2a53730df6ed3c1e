/**
 * What the layers of the directory lock have in common: where they lock, what they hold, and how they refuse.
 */
import { LsmError } from '@lsm/base'

/** The directory being locked. */
export interface LockPlace {
  /** The directory's path, for messages. */
  readonly path: string
  /** The path of the lock file. */
  readonly file: string
  /** Device and inode of the directory, and the lock's name. */
  readonly id: string
  /** Mode of the files that the lock makes. */
  readonly fileMode: number
}

/** What a layer has taken. */
export interface LockHold {
  /** In words: `abstract socket`. */
  readonly kind: string
  release(): Promise<void>
}

/** One way to exclude others. */
export interface LockLayer {
  /**
   * Takes it.
   *
   * @returns `undefined` if there is no such thing here.
   * @throws LsmError `LSM_LOCKED` if somebody else holds it.
   */
  take(place: LockPlace): Promise<LockHold | undefined>
  /**
   * Finds out whether somebody holds it, without taking it or leaving a trace. Absent where that cannot be done.
   *
   * @throws LsmError `LSM_LOCKED` if somebody does.
   */
  look?(place: LockPlace): Promise<void>
}

/** Who holds a lock, as far as it is known. */
export interface LockOwner {
  readonly pid: number
  readonly host?: string | undefined
  readonly command?: string | undefined
  /** When it was taken, in ISO 8601. */
  readonly since?: string | undefined
}

/** The refusal, naming the owner where it is known. */
export function lockedError(path: string, owner: LockOwner | undefined): LsmError {
  return new LsmError(
    'LSM_LOCKED',
    `${path} is in use by ${describe(owner)}; close it there, or open it read-only here`,
  )
}

function describe(owner: LockOwner | undefined): string {
  if (owner === undefined) return 'another process'
  const { pid, host, command, since } = owner
  const who = pid === process.pid ? 'this process' : `process ${pid}`
  return [
    who,
    host === undefined ? '' : ` on ${printable(host)}`,
    command === undefined ? '' : ` (${printable(command)})`,
    since === undefined ? '' : ` since ${printable(since)}`,
  ].join('')
}

/** Words that came from a file or a process, made safe to show. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, '?').slice(0, 200)
}
