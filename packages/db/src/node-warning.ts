/**
 * Warnings of the process, for what nobody listens to.
 */
import type { LeakEvent } from './events.ts'

/** Warns of a handle that was forgotten. */
export function warnOfLeak(path: string, kind: LeakEvent['kind'], place: string | undefined): void {
  const what = kind === 'iterator' ? 'An iterator' : kind === 'snapshot' ? 'A snapshot' : 'A database'
  process.emitWarning(`${what} of ${path} was garbage-collected without being closed; close it`, {
    type: 'LeakWarning',
    code: 'LSM_LEAK',
    detail:
      place === undefined ? 'Open the database with trackLeaks: true to learn where it was made.' : `Made ${place}`,
  })
}
