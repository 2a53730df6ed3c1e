/**
 * How many threads make sense on this machine.
 */
import { availableParallelism } from 'node:os'

/** One thread for flushes, and one for compactions, or one more for each two cores beyond four. */
export function defaultWorkers(): number {
  return 2 + Math.max(0, Math.min(6, (availableParallelism() - 4) >> 1))
}
