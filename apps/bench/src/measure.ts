/**
 * One engine, one workload, one process: opens, works, checks, closes, and says what came of it. Plain data in and out.
 */
import { Dataset, ENTRY_BYTES } from './dataset.ts'
import { directorySize } from './directory-size.ts'
import { MissingError, type Driver, type DriverKind, type DriverStats, type Durability } from './drivers/driver.ts'
import type { Figure } from './figure.ts'
import { Meter, type Phase } from './meter.ts'
import type { PageCache } from './page-cache.ts'
import { peakMemory, processCounters } from './process-counters.ts'
import type { Scene, Size, Workload } from './workloads/workload.ts'

/** What is to be measured. */
export interface Assignment {
  /** The engine's name with its settings, as `engine-name` reads it. */
  readonly engine: string
  readonly workload: string
  readonly durability: Durability
  readonly size: Size
  /** Whether this is the process that prepares the database for the one that measures. */
  readonly prepares?: boolean
  /** A directory of its own, removed by whoever made it. */
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
  /** What the workload measured itself. */
  readonly figures: readonly Figure[]
  /** Lines that explain the numbers. */
  readonly remarks: readonly string[]
  /** Largest resident memory before verification, in bytes. */
  readonly peakMemory: number
}

/**
 * Carries out a workload on a fresh database, or on one that {@link prepare} has left; rejects with `VerificationError` if
 * the database lost anything.
 */
export async function measure(kind: DriverKind, workload: Workload, work: MeasuredWork): Promise<Measurement> {
  const { options, size, pageCache } = work
  await kind.load?.(options)
  const before = processCounters()
  const opening = workload.preparation === undefined ? undefined : new Meter(workload.name)
  let driver = await open(kind, work)
  try {
    const phases: Phase[] = []
    const figures: Figure[] = []
    const remarks: string[] = []
    let settled: Settled | undefined
    let peak = 0
    const scene: Scene = {
      driver,
      dataset: new Dataset(size.seed),
      size,
      opening,
      pageCache,
      async settle(writes, liveKeys) {
        const totals = { liveBytes: liveKeys * ENTRY_BYTES, userBytes: writes * ENTRY_BYTES }
        settled = { ...totals, ...(await settleAndLook(driver, work.directory, before)) }
        peak = peakMemory()
      },
      async reopen() {
        await driver.close()
        driver = await open(kind, work)
        return { ...scene, driver }
      },
      note: figure => figures.push(figure),
      remark: line => remarks.push(line),
    }
    refuseLacking(workload, scene)
    for await (const phase of workload.run(scene)) {
      phases.push(phase)
      peak = peakMemory()
    }
    return { phases, settled, figures, remarks, peakMemory: peak }
  } finally {
    await driver.close()
  }
}

/** Does the earlier part of a workload, and gives the database back as it is: to close, or to die with. */
export async function prepare(kind: DriverKind, workload: Workload, work: MeasuredWork): Promise<Driver> {
  const { size, pageCache } = work
  const driver = await open(kind, work)
  const scene: Scene = {
    driver,
    dataset: new Dataset(size.seed),
    size,
    pageCache,
    async settle() {
      await driver.settle()
    },
    reopen: () => Promise.reject(new TypeError('a preparation opens once')),
    note() {},
    remark() {},
  }
  try {
    refuseLacking(workload, scene)
    await workload.preparation?.run(scene)
    return driver
  } catch (error) {
    await driver.close()
    throw error
  }
}

function open(kind: DriverKind, { directory, durability, options }: MeasuredWork): Promise<Driver> {
  return kind.open({ path: directory, durability, options })
}

function refuseLacking(workload: Workload, scene: Scene): void {
  const lack = workload.lacks?.(scene)
  if (lack !== undefined) throw new MissingError(lack)
}

/** How a workload is carried out. */
export interface MeasuredWork extends Pick<Assignment, 'directory' | 'durability' | 'size'> {
  readonly options: Readonly<Record<string, unknown>>
  readonly pageCache: PageCache
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
