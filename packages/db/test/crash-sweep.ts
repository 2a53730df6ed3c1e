/**
 * Crashes of one recorded run, and of the recoveries from them.
 *
 * 1. Images that are equal are opened once; what each crash must have left is compared with what was found in any case.
 * 2. A failure names the case by a line that brings it back: options, plan, then operation, variant and seed of each crash.
 */
import { CRASH_VARIANTS, type CrashableFileSystem, type CrashVariant } from '@lsm/fs/testing'

import { checkImage, look, SEQUELS, type Checked, type Sequel } from './crash-check.ts'
import { parsePlan, planText, type Plan, type Workload } from './crash-workload.ts'

/** One crash. */
export interface Crash {
  readonly at: number
  readonly variant: CrashVariant
  readonly seed: number
}

/** Of the images that differ, one in so many is crashed once more. */
const DEEP = 50

/** How often a variant is tried at an operation. */
const SEEDS: Readonly<Record<CrashVariant, number>> = {
  kill: 1,
  strict: 1,
  ordered: 3,
  'meta-only': 2,
  torn: 4,
  sectors: 4,
  stale: 2,
  'dir-random': 4,
}

/** See the file's header. */
export class CrashSweep {
  crashes = 0
  /** Images that differed. */
  images = 0
  readonly #name: string
  readonly #workload: Workload
  readonly #deep: number
  readonly #known = new Map<string, Checked>()

  /** @param deep - one in so many images is crashed once more in every operation of its recovery. */
  constructor(name: string, workload: Workload, deep: number = DEEP) {
    this.#name = name
    this.#workload = workload
    this.#deep = deep
  }

  /** Crashes at every operation, in every variant; fewer times if that is more than `limit`, spread over the whole run. */
  async everywhere(limit: number, variants: readonly CrashVariant[] = CRASH_VARIANTS): Promise<void> {
    const all = this.#workload.fileSystem.crashPoints.flatMap(at => crashesAt(at, variants))
    const stride = Math.max(1, all.length / limit)
    for (let i = 0; i < all.length && this.crashes < limit; i += stride) await this.one(all[Math.floor(i)])
  }

  /** Crashes once and checks what is left; if asked, crashes that too. */
  async one(crash: Crash, second?: Crash): Promise<void> {
    this.crashes++
    const { fileSystem } = this.#workload
    const image = crashed(fileSystem, crash)
    try {
      const known = this.#known.get(image.fingerprint)
      const checked = known ?? (await this.#check(image, sequelOf(crash)))
      this.#known.set(image.fingerprint, checked)
      this.#checkPromises(crash, checked.steps)
      if (second !== undefined) await this.#secondCrash(image, second, checked)
      else if (known === undefined && this.images % this.#deep === 0) await this.#crashRecovery(image, crash, checked)
    } catch (error) {
      throw this.#failure(error, [crash], fileSystem)
    }
  }

  #check(image: CrashableFileSystem, sequel: Sequel): Promise<Checked> {
    this.images++
    return checkImage(this.#workload, image, sequel)
  }

  #checkPromises({ at, variant }: Crash, steps: number): void {
    const { kept, synced, started } = this.#workload.promised(at)
    const least = variant === 'kill' ? kept : synced
    if (steps < least) throw new Error(`${least} steps had been promised, ${steps} are there`)
    if (steps > started) throw new Error(`${started} steps had been started, ${steps} are there`)
  }

  /** Crashes what was done after a crash, at all of its operations. */
  async #crashRecovery(image: CrashableFileSystem, first: Crash, checked: Checked): Promise<void> {
    const seen = new Set<string>()
    for (const crash of image.crashPoints.flatMap(at => CRASH_VARIANTS.map(variant => ({ at, variant, seed: at })))) {
      this.crashes++
      const { at } = crash
      const { fingerprint } = crashed(image, crash)
      const known = `${fingerprint} ${at <= checked.extraStartedAt} ${at >= checked.extraSyncedAt}`
      if (seen.has(known)) continue
      seen.add(known)
      this.images++
      try {
        await this.#secondCrash(image, crash, checked)
      } catch (error) {
        throw this.#failure(error, [first, crash], image)
      }
    }
  }

  async #secondCrash(image: CrashableFileSystem, crash: Crash, checked: Checked): Promise<void> {
    const { steps, extra } = await look(this.#workload, crashed(image, crash))
    if (steps !== checked.steps) throw new Error(`${checked.steps} steps had been recovered, now ${steps}`)
    if (extra && crash.at <= checked.extraStartedAt) throw new Error('a write is there before it was made')
    if (!extra && crash.at >= checked.extraSyncedAt) throw new Error('a synced write was lost')
  }

  #failure(error: unknown, crashes: readonly Crash[], fileSystem: CrashableFileSystem): CrashFailure {
    if (error instanceof CrashFailure) return error
    const line = [
      this.#name,
      planText(this.#workload.plan),
      ...crashes.flatMap(({ at, variant, seed }) => [at, variant, seed]),
    ]
    const trace = fileSystem.trace(crashes[crashes.length - 1].at)
    return new CrashFailure(
      `${error instanceof Error ? error.message : String(error)}\n\nThe last operations before the crash:\n${trace}\n\n` +
        `Again, in packages/db:\nLSM_CRASH='${line.join('/')}' npx vitest run test/crash-sweep.test.ts`,
      crashes,
      error,
    )
  }
}

/** Takes the line of a failure apart. */
export function parseCase(line: string): { name: string; plan: Plan; crashes: Crash[] } {
  const [name, plan, ...rest] = line.split('/')
  const crashes: Crash[] = []
  for (let i = 0; i + 2 < rest.length; i += 3) {
    crashes.push({ at: Number(rest[i]), variant: rest[i + 1] as CrashVariant, seed: Number(rest[i + 2]) })
  }
  return { name, plan: parsePlan(plan), crashes }
}

/** A crash that was not survived, told once. */
export class CrashFailure extends Error {
  /** The crash, and the one during its recovery if it was that. */
  readonly crashes: readonly Crash[]

  constructor(message: string, crashes: readonly Crash[], cause: unknown) {
    super(message, { cause })
    this.crashes = crashes
  }
}

function crashesAt(at: number, variants: readonly CrashVariant[]): Crash[] {
  return variants.flatMap(variant => Array.from({ length: SEEDS[variant] }, (_, seed) => ({ at, variant, seed })))
}

function crashed(fileSystem: CrashableFileSystem, crash: Crash): CrashableFileSystem {
  return fileSystem.crash({ ...crash, sectorSize: crash.seed % 2 === 0 ? 512 : 4096 })
}

/** The same for the same crash, so that a failure can be had again. */
function sequelOf({ at, seed }: Crash): Sequel {
  return SEQUELS[(at + seed) % SEQUELS.length]
}
