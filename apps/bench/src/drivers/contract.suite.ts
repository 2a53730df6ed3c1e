import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { measure, prepare } from '../measure.ts'
import { WORKLOADS } from '../workloads/index.ts'
import type { Workload } from '../workloads/workload.ts'
import { MissingError, type Driver, type DriverKind, type ScanRange } from './driver.ts'
import { DRIVERS } from './index.ts'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lsm-bench-drivers-'))
})

afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

/**
 * What each driver must do, in a test file of its own and so in a process of its own: native modules do not bear each other.
 * A database that is not here says so.
 */
export async function driverContract(name: string): Promise<void> {
  const kind = DRIVERS.get(name) as DriverKind
  const lack = await kind.load?.({}).catch((error: unknown) => error)
  test.each(lack === undefined ? [] : [kind])('$name says that it is missing', () => {
    expect(lack).toBeInstanceOf(MissingError)
  })
  describe.each(lack === undefined ? [kind] : [])('$name', present => {
    keepsContract(present)
  })
}

function keepsContract(kind: DriverKind): void {
  test.each(['os', 'synced'] as const)('keeps the contract, %s', async durability => {
    const driver = await kind.open({ path: directory, durability, options: {} })
    const [a, b, c] = ['a', 'b', 'c'].map(letter => Buffer.from(letter))
    await driver.batch([
      { type: 'put', key: a, value: a },
      { type: 'put', key: b, value: b },
      { type: 'del', key: a },
    ])
    await driver.put(c, c)
    expect([await driver.get(a), await driver.get(b)].map(text)).toEqual([undefined, 'b'])
    if (driver.getSync !== undefined) {
      expect(text(driver.getSync(a))).toBeUndefined()
      expect(text(driver.getSync(c))).toBe('c')
    }
    expect((await driver.getMany([c, a, b])).map(text)).toEqual(['c', undefined, 'b'])
    expect(await entries(driver, {})).toEqual(['b=b', 'c=c'])
    expect(await entries(driver, { reverse: true, limit: 1 })).toEqual(['c=c'])
    expect(await entries(driver, { gte: c })).toEqual(['c=c'])
    expect(await entries(driver, { gte: a, limit: 1 })).toEqual(['b=b'])
    await driver.del(c)
    await driver.settle()
    expect(await entries(driver, {})).toEqual(['b=b'])
    await driver.close()
    const again = await kind.open({ path: directory, durability, options: {} })
    expect(await entries(again, {})).toEqual(['b=b'])
    await again.close()
  })

  test.each(['fillrandom', 'readmissing', 'ycsb-e', 'open-clean', 'readcold-concurrent', 'scancold'])(
    'does %s and has lost nothing',
    async name => {
      const workload = WORKLOADS.get(name) as Workload
      const pageCache = { lack: () => undefined, drop() {} }
      const size = { num: 1000, keys: 500, batch: 64, seed: 3, seconds: 60 }
      const work = { directory, durability: 'os', options: {}, size, pageCache } as const
      if (workload.preparation !== undefined) await (await prepare(kind, workload, work)).close()
      const { phases } = await measure(kind, workload, work)
      expect(phases.at(-1)?.operations).toBeGreaterThan(0)
    },
  )
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes.subarray(0, bytes.length)).toString('latin1')
}

async function entries(driver: Driver, range: ScanRange): Promise<string[]> {
  const found: string[] = []
  const count = await driver.scan(range, (key, value) => found.push(`${text(key)}=${text(value)}`))
  expect(count).toBe(found.length)
  return found
}
