/**
 * The numbers that the process ends with. They are part of the interface: scripts depend on them.
 */

/** What each exit code means. */
export const EXIT = {
  /** Done. */
  ok: 0,
  /** A key that was asked for is not there. */
  notFound: 1,
  /** The command line, or the input, is not what it must be. */
  usage: 2,
  /** Another process has the database open. */
  locked: 3,
  /** The database is damaged, or a repair could not save all of it. */
  corrupt: 4,
  /** The system, or the engine, could not do it: no such database, no room, no permission, read-only. */
  failed: 5,
  /** Ended by Ctrl-C. */
  interrupted: 130,
} as const

/** One of the exit codes. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
