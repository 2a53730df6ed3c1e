/**
 * Garbage collection when a test wants it.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Collects what nobody holds. */
export function collectGarbage(): void {
  collect()
}

/** Collects in turn after turn until something has come of it. Never, if it does not: the test then runs out of time. */
export async function collectUntil(done: () => boolean): Promise<void> {
  while (!done()) {
    collect()
    await new Promise(resolve => setImmediate(resolve))
  }
}
