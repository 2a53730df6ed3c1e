/**
 * Faults at one operation of a run, and what is found afterwards: by a new process, and after a loss of power.
 */
import { LsmError } from '@lsm/db'
import { CrashableFileSystem, type OperationKind } from '@lsm/fs/testing'
import { shrink } from '@lsm/testkit'
import { expect } from 'vitest'

import { FaultWorkload, STEPS } from './fault-workload.ts'
import { withTickingClock } from './ticking-clock.ts'

/** Ways to fail from an operation on, by name. */
export const WAYS: Readonly<Record<string, (fileSystem: CrashableFileSystem, at: number) => void>> = {
  once: (fileSystem, at) => void fileSystem.failAt(at, 'LSM_IO'),
  'for ever': (fileSystem, at) => void fileSystem.failAt(at, 'LSM_IO', { times: Infinity }),
  'one file for ever': (fileSystem, at) => {
    let file: string | undefined
    fileSystem.failAt(operation => operation.number >= at && (file ??= operation.file) === operation.file, 'LSM_IO', {
      times: Infinity,
    })
  },
  'full once': (fileSystem, at) => void fileSystem.failAt(at, 'LSM_DISK_FULL'),
  'full for a time': (fileSystem, at) => {
    const needsSpace: ReadonlySet<OperationKind> = new Set(['create', 'append', 'sync'])
    fileSystem.failAt(({ number, kind }) => number >= at && needsSpace.has(kind), 'LSM_DISK_FULL', { times: 12 })
  },
  'a flipped bit in a table': (fileSystem, at) => {
    fileSystem.flipAt(({ number, kind, file }) => number >= at && kind === 'read' && file.endsWith('.ldb'))
  },
}

/** Milliseconds after which a run counts as one that hangs. */
const PATIENCE = 20_000
/** The timer of the world outside, which a ticking clock replaces inside. */
const realTimeout = setTimeout

/** Runs that are tried to make one that fails shorter; each fails in every one of its operations. */
const ATTEMPTS = Number(process.env['LSM_SHRINK'] ?? 60)

/** Where a fault strikes: a way, an operation, and the steps of the run if some are left out, as `once/120/0.3.9`. */
export interface FaultCase {
  readonly way: string
  readonly at: number
  readonly steps: readonly number[]
}

/** The case in a text. */
export function parseFault(line: string): FaultCase {
  const [way, at, steps] = line.split('/')
  return { way, at: Number(at), steps: steps === undefined ? STEPS : steps.split('.').map(Number) }
}

/** How many operations a run without faults has. */
export async function countOperations(steps: readonly number[] = STEPS): Promise<number> {
  const fileSystem = new CrashableFileSystem()
  const workload = new FaultWorkload(fileSystem, steps)
  await withTickingClock(() => workload.run())
  expect(workload.errors).toEqual([])
  return fileSystem.operations.length
}

/** Runs with a fault, and checks everything. A failure names the case by a line that brings it back. */
export async function faultAt({ way, at, steps }: FaultCase): Promise<void> {
  const fileSystem = new CrashableFileSystem()
  WAYS[way](fileSystem, at)
  const workload = new FaultWorkload(fileSystem, steps)
  const { all, synced } = workload.acknowledged
  try {
    await bounded(withTickingClock(() => workload.run()))
    await withTickingClock(async () => {
      await workload.check(fileSystem.crash({ variant: 'kill' }), all)
      await workload.check(fileSystem.crash({ variant: 'strict' }), synced)
      await workload.check(fileSystem.crash({ variant: 'dir-random', seed: at }), synced)
    })
  } catch (error) {
    const what = error instanceof LsmError ? `${error.code}: ${error.message}` : String(error)
    const which = steps.length === STEPS.length ? '' : `/${steps.join('.')}`
    const again = `LSM_FAULT='${way}/${at}${which}' npx vitest run test/fault-sweep.test.ts`
    const trace = fileSystem.trace(at + 4, 12)
    throw new Error(`${what}\n\nAround the fault:\n${trace}\n\nAgain, in packages/db:\n${again}`, { cause: error })
  }
}

/** Faults at every `stride`th operation of a run; one that fails is made as short as can be before it is told of. */
export async function faultEverywhere(way: string, stride: number, first: number): Promise<void> {
  const count = await countOperations()
  for (let at = first; at <= count; at += stride) {
    await faultAt({ way, at, steps: STEPS }).catch(async (error: unknown) => {
      throw await shrunk(error, way)
    })
  }
}

/** The failure of the shortest run that was found, of a fault at whatever operation. */
async function shrunk(failure: unknown, way: string): Promise<unknown> {
  let last = failure
  await shrink(
    STEPS,
    async steps => {
      const count = await countOperations(steps)
      for (let at = 1; at <= count; at++) {
        const error: unknown = await faultAt({ way, at, steps }).catch((error: unknown) => error)
        if (error === undefined) continue
        last = error
        return true
      }
      return false
    },
    ATTEMPTS,
  )
  return last
}

async function bounded<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = realTimeout(() => reject(new Error(`hangs: not done after ${PATIENCE} ms`)), PATIENCE)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
