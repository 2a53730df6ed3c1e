/**
 * One engine, one workload, one process: opens, works, checks, closes, and says what came of it. Plain data in and out.
 */
import { Dataset, ENTRY_BYTES } from './dataset.ts'
import { directorySize } from './directory-size.ts'
import type { Driver, DriverKind, DriverStats, Durability } from './drivers/driver.ts'
import type { Phase } from './meter.ts'
import { peakMemory, processCounters } from './process-counters.ts'
import type { Size, Workload } from './workloads/workload.ts'

/** What is to be measured. */
export interface Assignment {
  /** The engine's name with its settings, as `engine-name` reads it. */
  readonly engine: string
  readonly workload: string
  readonly durability: Durability
  readonly size: Size
  /** An empty directory, removed by whoever made it. */
  readonly directory: string
}

/** State and traffic once the database had settled. */
interface Settled {
  /** Seconds from the last write until nothing was left to do. */
  readonly seconds: number
  readonly bytesOnDisk: number
  /** Bytes that the disk must hold at least, uncompressed: one value for each key. */
  readonly liveBytes: number
  /** Bytes that users gave since the open. */
  readonly userBytes: number
  /** Bytes of pages made dirty since the open, where the system counts them. */
  readonly diskBytesWritten: number | undefined
  /** Bytes handed to `write` since the open, where the system counts them. */
  readonly bytesHandedToWrite: number | undefined
  readonly stats: DriverStats
}

/** What was measured. */
export interface Measurement {
  readonly phases: readonly Phase[]
  readonly settled: Settled | undefined
  /** Largest resident memory before verification, in bytes. */
  readonly peakMemory: number
}

/** Carries out a workload on a fresh database; rejects with `VerificationError` if the database lost anything. */
export async function measure(kind: DriverKind, workload: Workload, work: MeasuredWork): Promise<Measurement> {
  const { directory, durability, options, size } = work
  const before = processCounters()
  const driver = await kind.open({ path: directory, durability, options })
  try {
    const lack = workload.lacks?.(driver)
    if (lack !== undefined) throw new TypeError(`${kind.name} cannot do ${workload.name}: ${lack}`)
    const phases: Phase[] = []
    let settled: Settled | undefined
    let peak = 0
    const settle = async (writes: number, liveKeys: number): Promise<void> => {
      const totals = { liveBytes: liveKeys * ENTRY_BYTES, userBytes: writes * ENTRY_BYTES }
      settled = { ...totals, ...(await settleAndLook(driver, directory, before)) }
      peak = peakMemory()
    }
    for await (const phase of workload.run({ driver, dataset: new Dataset(size.seed), size, settle })) {
      phases.push(phase)
      peak = peakMemory()
    }
    return { phases, settled, peakMemory: peak }
  } finally {
    await driver.close()
  }
}

/** How a workload is carried out. */
export interface MeasuredWork extends Pick<Assignment, 'directory' | 'durability' | 'size'> {
  readonly options: Readonly<Record<string, unknown>>
}

async function settleAndLook(
  driver: Driver,
  directory: string,
  before: ReturnType<typeof processCounters>,
): Promise<Omit<Settled, 'liveBytes' | 'userBytes'>> {
  const start = performance.now()
  const end = await driver.settle()
  const after = processCounters()
  return {
    seconds: Math.max(0, end - start) / 1000,
    bytesOnDisk: await directorySize(directory),
    diskBytesWritten: difference(after.diskBytesWritten, before.diskBytesWritten),
    bytesHandedToWrite: difference(after.bytesHandedToWrite, before.bytesHandedToWrite),
    stats: driver.stats(),
  }
}

function difference(after: number | undefined, before: number | undefined): number | undefined {
  return after === undefined || before === undefined ? undefined : after - before
}
