/**
 * A run that does not survive some crash is made shorter for as long as it still does not survive one of its kind.
 */
import { shrink } from '@lsm/testkit'

import { CrashFailure, CrashSweep } from './crash-sweep.ts'
import { OPTIONS, Workload, type Plan } from './crash-workload.ts'

/** Runs that are tried; each is recorded and crashed everywhere, in the variant that failed. */
const ATTEMPTS = Number(process.env['LSM_SHRINK'] ?? 150)
/** Crashes of one such run. */
const CRASHES = 3000
/** Images of which one is crashed again, where it was a recovery that failed. */
const DEEP = 4

/** The failure of the shortest run that was found, of whatever crash. */
export async function shrunk(failure: CrashFailure, name: string, { seed, actions }: Plan): Promise<CrashFailure> {
  let last = failure
  const [first, second] = failure.crashes
  const fails = async (some: readonly number[]): Promise<boolean> => {
    try {
      const workload = await Workload.record({ seed, actions: some }, OPTIONS[name])
      const sweep = new CrashSweep(name, workload, second === undefined ? Infinity : DEEP)
      await sweep.everywhere(CRASHES, [first.variant])
      return false
    } catch (error) {
      if (error instanceof CrashFailure) last = error
      return error instanceof CrashFailure
    }
  }
  const left = await shrink(actions, fails, ATTEMPTS)
  last.message = `${last.message}\n(${left.length} of ${actions.length} actions are needed for it)`
  return last
}
