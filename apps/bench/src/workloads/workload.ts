/**
 * What a workload is: work for any driver, measured in phases, and then a check that nothing was lost.
 */
import type { Dataset } from '../dataset.ts'
import type { Driver } from '../drivers/driver.ts'
import type { Phase } from '../meter.ts'

/** How much work it is. */
export interface Size {
  /** Operations; those of the loading included where loading is measured. */
  readonly num: number
  /** Different keys. */
  readonly keys: number
  /** Operations of a batch where the workload writes batches. */
  readonly batch: number
  readonly seed: number
}

/** What a workload works with. */
export interface Scene {
  /** A database that is open and empty. */
  readonly driver: Driver
  readonly dataset: Dataset
  readonly size: Size
  /**
   * Waits until the database has nothing left to do, and notes how long that took and how many bytes it came to, after so
   * many writes to so many different keys.
   */
  settle(writes: number, liveKeys: number): Promise<void>
}

/** A workload by name. */
export interface Workload {
  readonly name: string
  /** In one line. */
  readonly summary: string
  /** Operations and keys at full size, and with `--quick`. */
  readonly full: Pick<Size, 'num' | 'keys'>
  readonly quick: Pick<Size, 'num' | 'keys'>
  /** Why a driver cannot do it, or `undefined`. */
  lacks?(driver: Driver): string | undefined
  /** Does the work; yields each phase when it is over. Throws `VerificationError` where contents are not as they must be. */
  run(scene: Scene): AsyncGenerator<Phase, void, undefined>
}

/** Single operations that make one lap. */
export const LAP = 100
