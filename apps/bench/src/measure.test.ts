import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Driver, DriverKind, Operation, ScanRange } from './drivers/driver.ts'
import { DRIVERS } from './drivers/index.ts'
import { measure } from './measure.ts'
import { VerificationError } from './model.ts'
import { WORKLOADS } from './workloads/index.ts'
import type { Workload } from './workloads/workload.ts'

const SIZE = { num: 2000, keys: 500, batch: 64, seed: 7 }

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lsm-bench-test-'))
})

afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

const work = () => ({ directory, durability: 'os', options: {}, size: SIZE }) as const

describe.each([...DRIVERS.values()])('$name', kind => {
  test.each([...WORKLOADS.values()])('does $name and has lost nothing', async workload => {
    const { phases, settled, peakMemory } = await measure(kind, workload, work())
    const expected = workload.name === 'overwrite' ? [SIZE.keys, SIZE.num - SIZE.keys] : [SIZE.num]
    expect(phases.map(({ operations }) => operations)).toEqual(expected)
    expect(settled?.bytesOnDisk).toBeGreaterThan(0)
    expect(settled?.stats.tableBytesWritten).toBeGreaterThanOrEqual(0)
    expect(peakMemory).toBeGreaterThan(0)
  })

  test('keeps the contract', async () => {
    const driver = await kind.open({ path: directory, durability: 'synced', options: {} })
    const [a, b, c] = ['a', 'b', 'c'].map(text => Buffer.from(text))
    await driver.batch([
      { type: 'put', key: a, value: a },
      { type: 'put', key: b, value: b },
      { type: 'del', key: a },
    ])
    await driver.put(c, c)
    expect([await driver.get(a), await driver.get(b), driver.getSync?.(c)].map(text)).toEqual([undefined, 'b', 'c'])
    expect(await entries(driver, {})).toEqual(['b=b', 'c=c'])
    expect(await entries(driver, { reverse: true, limit: 1 })).toEqual(['c=c'])
    expect(await entries(driver, { gte: c })).toEqual(['c=c'])
    await driver.del(c)
    await driver.settle()
    expect(await entries(driver, {})).toEqual(['b=b'])
    await driver.close()
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
    await expect(run(driver, 'overwrite')).rejects.toThrow(VerificationError)
  })

  test.each(['overwrite', 'fillrandom', 'readrandom', 'readrandom-sync', 'readseq'])(
    'in %s when it keeps nothing',
    async name => {
      const driver = new MemoryDriver()
      driver.dropAll = true
      await expect(run(driver, name)).rejects.toThrow(VerificationError)
    },
  )

  test('and an honest one is not', async () => {
    for (const name of WORKLOADS.keys()) expect((await run(new MemoryDriver(), name)).phases).not.toEqual([])
  })
})

test('what a driver cannot do is said', async () => {
  const driver: Driver = new MemoryDriver()
  driver.getSync = undefined as never
  await expect(run(driver, 'readrandom-sync')).rejects.toThrow('memory cannot do readrandom-sync')
})

function run(driver: Driver, workload: string): ReturnType<typeof measure> {
  const kind: DriverKind = { name: 'memory', open: async () => driver }
  return measure(kind, WORKLOADS.get(workload) as Workload, work())
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('latin1')
}

async function entries(driver: Driver, range: ScanRange): Promise<string[]> {
  const found: string[] = []
  const count = await driver.scan(range, (key, value) => found.push(`${text(key)}=${text(value)}`))
  expect(count).toBe(found.length)
  return found
}

/** A database in memory that can be told to misbehave. */
class MemoryDriver implements Driver {
  dropWrite = -1
  dropKey = ''
  damageWrite = -1
  dropAll = false
  repeatInScan = false
  readonly #map = new Map<string, Buffer>()
  #writes = 0

  plant(key: string): void {
    this.#map.set(key, Buffer.alloc(100))
  }

  async put(key: Uint8Array, value: Uint8Array): Promise<void> {
    const write = this.#writes++
    const name = text(key) as string
    if (this.dropAll || write === this.dropWrite || name === this.dropKey) return
    const copy = Buffer.from(value)
    if (write === this.damageWrite) copy[50] ^= 1
    this.#map.set(name, copy)
  }

  async del(key: Uint8Array): Promise<void> {
    this.#map.delete(text(key) as string)
  }

  async batch(operations: readonly Operation[]): Promise<void> {
    for (const operation of operations) {
      await (operation.type === 'put' ? this.put(operation.key, operation.value) : this.del(operation.key))
    }
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.getSync(key)
  }

  getSync(key: Uint8Array): Uint8Array | undefined {
    return this.#map.get(text(key) as string)
  }

  async scan({ limit }: ScanRange, visit: (key: Uint8Array, value: Uint8Array) => void): Promise<number> {
    const keys = [...this.#map.keys()].sort().slice(0, limit)
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
