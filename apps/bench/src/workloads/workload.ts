/**
 * What a workload is: work for any driver, measured in phases, and then a check that nothing was lost.
 *
 * 1. The choices of a workload come from `Size.seed` alone, never from what an engine does or how fast it is, so that a
 *    model can replay them.
 * 2. A phase that works on a loaded database may end by the clock (`Size.seconds`); one that fills a database may not,
 *    or slow engines would be asked about small databases.
 */
import type { Dataset } from '../dataset.ts'
import type { Driver, Durability } from '../drivers/driver.ts'
import type { Figure } from '../figure.ts'
import type { Meter, Phase } from '../meter.ts'
import type { PageCache } from '../page-cache.ts'

/** How much work it is. */
export interface Size {
  /** Operations; those of the loading included where loading is measured. */
  readonly num: number
  /** Different keys. */
  readonly keys: number
  /** Operations of a batch where the workload leaves that open. */
  readonly batch: number
  readonly seed: number
  /** A phase on a loaded database ends after so long, at the latest. */
  readonly seconds: number
}

/** What a workload works with. */
export interface Scene {
  /** A database that is open, and empty unless the workload has prepared it. */
  readonly driver: Driver
  readonly dataset: Dataset
  readonly size: Size
  readonly pageCache: PageCache
  /** Began before the database was opened; there only if the workload has prepared it. */
  readonly opening?: Meter | undefined
  /**
   * Waits until the database has nothing left to do, and notes how long that took and how many bytes it came to, after so
   * many writes to so many different keys.
   */
  settle(writes: number, liveKeys: number): Promise<void>
  /** Closes the database and opens it again in this process; the scene before must not be used any more. */
  reopen(): Promise<Scene>
  /** Adds a number to the results. */
  note(figure: Figure): void
  /** Adds a line that explains them. */
  remark(line: string): void
}

/** What an earlier process does, and how it leaves the database. */
interface Preparation {
  readonly end: 'closed' | 'killed'
  run(scene: Scene): Promise<void>
}

/** A workload by name. */
export interface Workload {
  readonly name: string
  /** In one line. */
  readonly summary: string
  /** Operations and keys at full size, and with `--quick`. */
  readonly full: Pick<Size, 'num' | 'keys'>
  readonly quick: Pick<Size, 'num' | 'keys'>
  /** Where the workload makes sense for one durability only. */
  readonly durability?: Durability
  /** Whether it is measured only where it is asked for: it takes long, or needs what few have. */
  readonly onRequest?: boolean
  /** Arguments for Node in the process that measures. */
  readonly nodeArguments?: readonly string[]
  /** Work of another process, before. */
  readonly preparation?: Preparation
  /** Why it cannot be done with this driver, or on this system, or `undefined`. */
  lacks?(scene: Scene): string | undefined
  /** Does the work; yields each phase when it is over. Throws `VerificationError` where contents are not as they must be. */
  run(scene: Scene): AsyncGenerator<Phase, void, undefined>
}

/** Single operations that make one lap. */
export const LAP = 100

/** Look-ups that verification adds to its scan. */
export const SAMPLES = 1000

const QUICK_KEYS = 20_000

/** Sizes of a workload that does `num` operations to a million keys; quick ones are a fiftieth. */
export function sizes(num = 1_000_000): Pick<Workload, 'full' | 'quick'> {
  const keys = 1_000_000
  return { full: { num, keys }, quick: { num: Math.ceil((num * QUICK_KEYS) / keys), keys: QUICK_KEYS } }
}

/** Whether a phase on a loaded database goes on: neither its operations are done nor is its time over. */
export function goesOn(meter: Meter, { num, seconds }: Size): boolean {
  return meter.operations < num && meter.seconds < seconds
}
