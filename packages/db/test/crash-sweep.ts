/**
 * Crashes of one recorded run, and of the recoveries from them.
 *
 * 1. Images that are equal are opened once; what each crash must have left is compared with what was found in any case.
 * 2. A failure names the case by a line that brings it back: options, seed, then operation, variant and seed of each crash.
 */
import { LsmError } from '@lsm/db'
import { CRASH_VARIANTS, type CrashableFileSystem, type CrashVariant } from '@lsm/fs/testing'

import { checkImage, look, SEQUELS, type Checked, type Sequel } from './crash-check.ts'
import type { Workload } from './crash-workload.ts'

/** One crash. */
export interface Crash {
  readonly at: number
  readonly variant: CrashVariant
  readonly seed: number
}

/** Of the images that differ, one in so many is crashed once more in every operation of its recovery. */
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

/** What was found in an image; `undefined` where it was rightly refused. */
type Outcome = Checked | undefined

/** See the file's header. */
export class CrashSweep {
  crashes = 0
  /** Images that differed. */
  images = 0
  /** Images of the variant `stale` that were refused. */
  refused = 0
  readonly #name: string
  readonly #workload: Workload
  readonly #known = new Map<string, Outcome>()

  constructor(name: string, workload: Workload) {
    this.#name = name
    this.#workload = workload
  }

  /** Crashes at every operation, in every variant; fewer times if that is more than `limit`, spread over the whole run. */
  async everywhere(limit: number): Promise<void> {
    const all = this.#workload.fileSystem.crashPoints.flatMap(crashesAt)
    const stride = Math.max(1, all.length / limit)
    for (let i = 0; i < all.length && this.crashes < limit; i += stride) await this.one(all[Math.floor(i)])
  }

  /** Crashes once and checks what is left; if asked, crashes that too. */
  async one(crash: Crash, second?: Crash): Promise<void> {
    this.crashes++
    const { fileSystem } = this.#workload
    const image = crashed(fileSystem, crash)
    try {
      const known = this.#known.has(image.fingerprint)
      const outcome = known ? this.#known.get(image.fingerprint) : await this.#check(image, crash, sequelOf(crash))
      this.#known.set(image.fingerprint, outcome)
      if (outcome === undefined) return
      this.#checkPromises(crash, outcome.steps)
      if (second !== undefined) await this.#secondCrash(image, second, outcome)
      else if (!known && this.images % DEEP === 0) await this.#crashRecovery(image, crash, outcome)
    } catch (error) {
      throw this.#failure(error, [crash], fileSystem)
    }
  }

  async #check(image: CrashableFileSystem, crash: Crash, sequel: Sequel): Promise<Outcome> {
    this.images++
    try {
      return await checkImage(this.#workload, image, sequel)
    } catch (error) {
      if (!mayRefuse(crash, error)) throw error
      this.refused++
      return undefined
    }
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
    try {
      const { steps, extra } = await look(this.#workload, crashed(image, crash))
      if (steps !== checked.steps) throw new Error(`${checked.steps} steps had been recovered, now ${steps}`)
      if (extra && crash.at <= checked.extraStartedAt) throw new Error('a write is there before it was made')
      if (!extra && crash.at >= checked.extraSyncedAt) throw new Error('a synced write was lost')
    } catch (error) {
      if (!mayRefuse(crash, error)) throw error
      this.refused++
    }
  }

  #failure(error: unknown, crashes: readonly Crash[], fileSystem: CrashableFileSystem): CrashFailure {
    if (error instanceof CrashFailure) return error
    const line = [this.#name, this.#workload.seed, ...crashes.flatMap(({ at, variant, seed }) => [at, variant, seed])]
    const trace = fileSystem.trace(crashes[crashes.length - 1].at)
    return new CrashFailure(
      `${error instanceof Error ? error.message : String(error)}\n\nThe last operations before the crash:\n${trace}\n\n` +
        `Again, in packages/db:\nLSM_CRASH='${line.join('/')}' npx vitest run test/crash-sweep.test.ts`,
      { cause: error },
    )
  }
}

/** Takes the line of a failure apart. */
export function parseCase(line: string): { name: string; seed: number; crashes: Crash[] } {
  const [name, seed, ...rest] = line.split('/')
  const crashes: Crash[] = []
  for (let i = 0; i + 2 < rest.length; i += 3) {
    crashes.push({ at: Number(rest[i]), variant: rest[i + 1] as CrashVariant, seed: Number(rest[i + 2]) })
  }
  return { name, seed: Number(seed), crashes }
}

/** A crash that was not survived, told once. */
class CrashFailure extends Error {}

function crashesAt(at: number): Crash[] {
  return CRASH_VARIANTS.flatMap(variant => Array.from({ length: SEEDS[variant] }, (_, seed) => ({ at, variant, seed })))
}

function crashed(fileSystem: CrashableFileSystem, crash: Crash): CrashableFileSystem {
  return fileSystem.crash({ ...crash, sectorSize: crash.seed % 2 === 0 ? 512 : 4096 })
}

/** The same for the same crash, so that a failure can be had again. */
function sequelOf({ at, seed }: Crash): Sequel {
  return SEQUELS[(at + seed) % SEQUELS.length]
}

/**
 * A disk that shows what other files once held can put whole records of an old log into a new one. They bear the wrong
 * numbers; that they are refused, and never believed, is all that can be asked.
 */
function mayRefuse({ variant }: Crash, error: unknown): boolean {
  const isLog = error instanceof LsmError && error.code === 'LSM_CORRUPTION' && error.file?.endsWith('.log') === true
  return variant === 'stale' && isLog
}
