/**
 * Every operation of the file system fails once, and once for ever: what was acknowledged stays, what was refused is
 * invisible, nothing hangs, and the next open works.
 */
import { Database, LsmError } from '@lsm/db'
import { MemoryFileSystem } from '@lsm/fs'
import { describe, expect, test } from 'vitest'

import { FailingFileSystem } from './failing-file-system.ts'

const OPTIONS = { writeBufferSize: 4096, blockSize: 128, cacheSize: 0, maxOpenFiles: 2 }
const WRITES = 220

/** What one run of the workload saw. */
interface Outcome {
  /** Numbers of writes that were acknowledged. */
  readonly acknowledged: number[]
  readonly errors: unknown[]
}

/** Writes, flushes, reads and closes; goes on after errors. */
async function workload(fileSystem: FailingFileSystem): Promise<Outcome> {
  const acknowledged: number[] = []
  const errors: unknown[] = []
  const attempt = async (step: () => unknown): Promise<boolean> => {
    try {
      await step()
      return true
    } catch (error) {
      errors.push(error)
      return false
    }
  }
  let db: Database | undefined
  if (!(await attempt(async () => (db = await Database.open('/db', { ...OPTIONS, fileSystem })))) || db === undefined) {
    return { acknowledged, errors }
  }
  for (let i = 0; i < WRITES; i++) {
    const sync = i % 7 === 0
    if (await attempt(() => db!.put(`k${i}`, `value ${i}`, { sync }))) acknowledged.push(i)
    else expect(await db.get(`k${i}`).catch(() => undefined), `refused write ${i}`).toBeUndefined()
    if (i % 60 === 59) await attempt(() => db!.flush())
    if (i % 10 === 0) await attempt(async () => checkRead(await db!.get(`k${i >> 1}`), i >> 1, acknowledged))
  }
  await attempt(async () => {
    for (const [key, value] of await db!.iterator().all()) expect(value).toBe(`value ${key.slice(1)}`)
  })
  await attempt(() => db!.close())
  return { acknowledged, errors }
}

function checkRead(value: string | undefined, i: number, acknowledged: readonly number[]): void {
  expect(value).toBe(acknowledged.includes(i) ? `value ${i}` : undefined)
}

async function check(inner: MemoryFileSystem, { acknowledged, errors }: Outcome, what: string): Promise<void> {
  for (const error of errors) expect(error, what).toBeInstanceOf(LsmError)
  await using db = await Database.open('/db', { ...OPTIONS, fileSystem: inner })
  const keys = await db.keys().all()
  for (const i of acknowledged) expect(await db.get(`k${i}`), `${what}: acknowledged write ${i}`).toBe(`value ${i}`)
  expect(keys.length, what).toBeLessThanOrEqual(WRITES)
}

describe.each([
  ['once', false],
  ['for ever', true],
])('an operation that fails %s', (_, sticky) => {
  test('loses nothing that was acknowledged, wherever it is', async () => {
    const counting = new FailingFileSystem(new MemoryFileSystem())
    await workload(counting)
    const step = sticky ? 5 : 2
    expect(counting.operations).toBeGreaterThan(300)
    for (let failAt = 1; failAt <= counting.operations; failAt += step) {
      const inner = new MemoryFileSystem()
      const failing = new FailingFileSystem(inner)
      failing.failAt = failAt
      failing.sticky = sticky
      const outcome = await workload(failing)
      await check(inner, outcome, `operation ${failAt}, ${failing.failed[0]}`)
    }
  })
})
