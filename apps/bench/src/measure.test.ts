import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { MissingError, type Driver, type DriverKind, type Operation, type ScanRange } from './drivers/driver.ts'
import { DRIVERS } from './drivers/index.ts'
import { measure, prepare } from './measure.ts'
import type { Phase } from './meter.ts'
import { VerificationError } from './model.ts'
import type { PageCache } from './page-cache.ts'
import { WORKLOADS } from './workloads/index.ts'
import { MemoryError } from './workloads/memory.ts'
import type { Workload } from './workloads/workload.ts'

const SIZE = { num: 2000, keys: 500, batch: 64, seed: 7, seconds: 60 }

/** A phase ends at the end of a lap. */
const LONGEST_LAP = 1024

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lsm-bench-test-'))
})

afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

/** Tests leave the memory of the system alone. */
const pageCache: PageCache = { lack: () => undefined, drop() {} }

const work = () => ({ directory, durability: 'os', options: {}, size: SIZE, pageCache }) as const

describe('lsm', () => {
  const kind = DRIVERS.get('lsm') as DriverKind

  test.each([...WORKLOADS.values()])('does $name and has lost nothing', async workload => {
    if (workload.preparation !== undefined) await (await prepare(kind, workload, work())).close()
    const { phases, settled, peakMemory } = await measure(kind, workload, work())
    const { name, operations } = phases.at(-1) as Phase
    expect(name).toBe(workload.name)
    if (workload.preparation !== undefined) return
    const wanted = name === 'sustained' ? SIZE.num - SIZE.keys : SIZE.num
    expect(operations).toBeGreaterThanOrEqual(wanted)
    expect(operations).toBeLessThan(wanted + LONGEST_LAP)
    expect(settled?.bytesOnDisk).toBeGreaterThan(0)
    expect(settled?.stats.tableBytesWritten ?? 0).toBeGreaterThanOrEqual(0)
    expect(peakMemory).toBeGreaterThan(0)
  })
})

describe('a driver that is not honest is caught', () => {
  const cases: [string, (driver: MemoryDriver) => void][] = [
    ['loses the last write', driver => (driver.dropWrite = SIZE.num - 1)],
    ['loses one key', driver => (driver.dropKey = '0000000000000123')],
    ['changes a value', driver => (driver.damageWrite = SIZE.num - 1)],
    ['gives a key that nobody wrote', driver => driver.plant('zzz')],
    ['gives a key twice', driver => (driver.repeatInScan = true)],
  ]

  test.each(cases)('%s', async (_, corrupt) => {
    const driver = new MemoryDriver()
    corrupt(driver)
    await expect(run(driver, 'sustained')).rejects.toThrow(VerificationError)
  })

  test.each([...WORKLOADS.keys()].filter(name => !['readmissing', 'readmissing-sync', 'deleterandom'].includes(name)))(
    'in %s when it keeps nothing',
    async name => {
      const driver = new MemoryDriver()
      driver.dropAll = true
      await expect(run(driver, name)).rejects.toThrow(VerificationError)
    },
  )

  test('when deletes and absent keys are not what they should be', async () => {
    const keeps = new MemoryDriver()
    keeps.del = async () => {}
    await expect(run(keeps, 'deleterandom')).rejects.toThrow(VerificationError)
    const invents = new MemoryDriver()
    invents.get = async () => Buffer.alloc(100)
    await expect(run(invents, 'readmissing')).rejects.toThrow(VerificationError)
  })

  test('and an honest one is not', async () => {
    for (const name of WORKLOADS.keys()) expect((await run(new MemoryDriver(), name)).phases).not.toEqual([])
  })
})

test('a database that keeps more than its cache is caught', async () => {
  const driver = new MemoryDriver()
  driver.cacheSize = 1000
  expect((await run(driver, 'memory-100b')).figures.map(({ name }) => name)).toContain(
    'memory-100b: JS memory kept, MB',
  )
  driver.kept = []
  await expect(run(driver, 'memory-100b')).rejects.toThrow(MemoryError)
})

test('a workload that the system does not allow is not prepared either', async () => {
  const kind: DriverKind = { name: 'memory', open: async () => new MemoryDriver() }
  const readcold = WORKLOADS.get('readcold') as Workload
  const refused = { ...work(), pageCache: { lack: () => 'not here', drop() {} } }
  await expect(prepare(kind, readcold, refused)).rejects.toThrow(new MissingError('not here'))
})

test('what a driver cannot do is said', async () => {
  const driver: Driver = new MemoryDriver()
  driver.getSync = undefined as never
  await expect(run(driver, 'readrandom-sync')).rejects.toThrow('no synchronous get')
})

async function run(driver: Driver, name: string): ReturnType<typeof measure> {
  const kind: DriverKind = { name: 'memory', open: async () => driver }
  const workload = WORKLOADS.get(name) as Workload
  if (workload.preparation !== undefined) await prepare(kind, workload, work())
  return measure(kind, workload, work())
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('latin1')
}

/** A database in memory that can be told to misbehave. */
class MemoryDriver implements Driver {
  dropWrite = -1
  dropKey = ''
  damageWrite = -1
  dropAll = false
  repeatInScan = false
  cacheSize: number | undefined
  /** Memory that it holds on to, if it does. */
  kept: Uint8Array[] | undefined
  readonly #map = new Map<string, Buffer>()
  #writes = 0
  #sorted: string[] | undefined

  plant(key: string): void {
    this.#map.set(key, Buffer.alloc(100))
    this.#sorted = undefined
  }

  async put(key: Uint8Array, value: Uint8Array): Promise<void> {
    const write = this.#writes++
    const name = text(key) as string
    if (this.dropAll || write === this.dropWrite || name === this.dropKey) return
    const copy = Buffer.from(value)
    if (write === this.damageWrite) copy[50] ^= 1
    this.#map.set(name, copy)
    this.#sorted = undefined
  }

  async del(key: Uint8Array): Promise<void> {
    this.#map.delete(text(key) as string)
    this.#sorted = undefined
  }

  async batch(operations: readonly Operation[]): Promise<void> {
    for (const operation of operations) {
      await (operation.type === 'put' ? this.put(operation.key, operation.value) : this.del(operation.key))
    }
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.kept?.push(new Uint8Array(1 << 14))
    return this.getSync(key)
  }

  getSync(key: Uint8Array): Uint8Array | undefined {
    return this.#map.get(text(key) as string)
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return keys.map(key => this.getSync(key))
  }

  async scan(range: ScanRange, visit: (key: Uint8Array, value: Uint8Array) => void): Promise<number> {
    const { gte, reverse = false, limit } = range
    const least = text(gte) ?? ''
    this.#sorted ??= [...this.#map.keys()].sort()
    const all = this.#sorted.filter(key => key >= least)
    const keys = (reverse ? all.reverse() : all).slice(0, limit)
    if (this.repeatInScan) keys.splice(1, 0, keys[0])
    for (const key of keys) visit(Buffer.from(key), this.#map.get(key) as Buffer)
    return keys.length
  }

  async settle(): Promise<number> {
    return performance.now()
  }

  stats(): object {
    return {}
  }

  async close(): Promise<void> {}
}
