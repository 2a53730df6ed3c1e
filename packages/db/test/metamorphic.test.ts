/**
 * The options decide how fast a database is and how large, and never what it says.
 *
 *     LSM_OPERATIONS=10000000 npx vitest run test/metamorphic.test.ts     more of it
 *     LSM_SEED=17 LSM_OPTIONS=4 npx vitest run …                           one script under one set of options
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'

import { Database } from '@lsm/db'
import { MemoryFileSystem } from '@lsm/fs/memory'
import { Random, shrink, testSeed } from '@lsm/testkit'
import { expect, test } from 'vitest'

import { Follower, optionsOf, resultsOnMap, scriptOf, type Operation, type Results } from './metamorphic.ts'
import { withTickingClock } from './ticking-clock.ts'

const OPERATIONS = Number(process.env['LSM_OPERATIONS'] ?? 200_000)
/** Operations of one script. */
const LENGTH = 4000
/** Sets of options that follow one script. */
const FOLLOWERS = 10
/** One set in so many has worker threads, and a real directory for them, which is slow. */
const THREADED = 40
/** Scripts that are tried to make one that fails shorter. */
const ATTEMPTS = 200

const seed = testSeed(1)
const ONLY = process.env['LSM_OPTIONS']

test(`${OPERATIONS} operations give one history under every set of options`, async () => {
  const scripts = ONLY === undefined ? Math.ceil(OPERATIONS / LENGTH / FOLLOWERS) : 1
  let done = 0
  for (let i = 0; i < scripts; i++) {
    const script = scriptOf(seed + i, LENGTH)
    const expected = resultsOnMap(script)
    const sets = ONLY === undefined ? Array.from({ length: FOLLOWERS }, (_, set) => set) : [Number(ONLY)]
    for (const set of sets) {
      const failure = await failureOf(script, expected, seed + i, set)
      if (failure !== undefined) throw await shrunk(script, seed + i, set, failure)
      done += script.length
    }
  }
  expect(done).toBeGreaterThanOrEqual(ONLY === undefined ? OPERATIONS : LENGTH)
}, 3_600_000)

/** What is wrong with a script under a set of options; `undefined` if nothing is. */
function failureOf(
  script: readonly Operation[],
  expected: Results,
  seed: number,
  set: number,
): Promise<string | undefined> {
  return isThreaded(seed, set)
    ? followed(script, expected, seed, set)
    : withTickingClock(() => followed(script, expected, seed, set))
}

async function followed(
  script: readonly Operation[],
  expected: Results,
  seed: number,
  set: number,
): Promise<string | undefined> {
  const random = new Random(seed * 1009 + set)
  const folder = isThreaded(seed, set) ? mkdtempSync(join(tmpdir(), 'lsm-metamorphic-')) : undefined
  const place = folder === undefined ? { fileSystem: new MemoryFileSystem(), workers: 0 } : { workers: 1 }
  let at = 0
  try {
    const open = (): Promise<Database> => Database.open(folder ?? '/db', { ...optionsOf(random), ...place })
    await Follower.follow(open, script, (result, i) => {
      at = i + 1
      if (!isDeepStrictEqual(result, expected[i])) {
        throw new Error(`gave ${brief(result)}, where a map gives ${brief(expected[i])}`)
      }
    })
    return undefined
  } catch (error) {
    return `operation ${at} of ${script.length}, ${brief(script[Math.max(0, at - 1)])}: ${String(error)}`
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  }
}

function isThreaded(seed: number, set: number): boolean {
  return (seed * FOLLOWERS + set) % THREADED === THREADED - 1
}

async function shrunk(script: readonly Operation[], seed: number, set: number, failure: string): Promise<Error> {
  let last = failure
  const fails = async (some: readonly Operation[]): Promise<boolean> => {
    const found = await failureOf(some, resultsOnMap(some), seed, set)
    last = found ?? last
    return found !== undefined
  }
  const left = await shrink(script, fails, ATTEMPTS)
  const lines = left.slice(-40).map(operation => JSON.stringify(operation).slice(0, 200))
  const again = `LSM_SEED=${seed} LSM_OPTIONS=${set} npx vitest run test/metamorphic.test.ts`
  return new Error(
    `${last}\n\nThe last of ${left.length} operations:\n${lines.join('\n')}\n\nAgain, in packages/db:\n${again}`,
  )
}

function brief(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 300)
}
