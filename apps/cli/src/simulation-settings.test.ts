import { expect, test } from 'vitest'

import { Given } from './commands/command.ts'
import { UsageError } from './failure.ts'
import { flushesUntil } from './simulation-request.ts'
import { simulationRequest } from './simulation-settings.ts'
import { runSimulation } from './simulation.ts'

const MiB = 2 ** 20

const asked = (options: Readonly<Record<string, unknown>>): ReturnType<typeof simulationRequest> =>
  simulationRequest(new Given([], options), undefined)

test('without options, it is a database without options', () => {
  expect(asked({})).toEqual({
    strategy: {
      name: 'leveled',
      level0Trigger: 4,
      baseLevelBytes: 64 * MiB,
      levelMultiplier: 10,
      maxTableSize: 8 * MiB,
      maxGrandparentOverlap: 80 * MiB,
      choice: 'least-overlap',
      tombstoneRatio: 0.3,
      maxAge: 0,
    },
    workload: {
      keys: { kind: 'uniform' },
      entryBytes: { least: 116, most: 116 },
      deletionBytes: 16,
      writeBufferBytes: 16 * MiB,
      phases: [{ bytes: 100e9, updates: 0, deletes: 0 }],
      seed: 1,
    },
    settings: { exact: false, samples: 20 },
  })
})

test('options say otherwise', () => {
  const { strategy, workload, settings } = asked({
    strategy: 'fifo',
    fifoMax: '2GiB',
    maxAge: '60',
    writeRate: '10MB',
    keys: 'zipf',
    theta: '0.8',
    valueBytes: '50-150',
    load: '1GB',
    size: '1TB',
    updates: '.5',
    deletes: '0.25',
    samples: '3',
  })
  expect(strategy).toEqual({ name: 'fifo', maxBytes: 2 ** 31, maxAge: 60_000 })
  expect(workload.keys).toEqual({ kind: 'zipf', theta: 0.8 })
  expect(workload.entryBytes).toEqual({ least: 66, most: 166 })
  expect(workload.phases).toEqual([
    { bytes: 1e9, updates: 0, deletes: 0 },
    { bytes: 1e12, updates: 0.5, deletes: 0.25 },
  ])
  expect(settings).toEqual({ exact: false, samples: 3, bytesPerSecond: 1e7 })
  expect(simulationRequest(new Given([], {}), 'tiered').strategy.name).toBe('tiered')
})

test.each([
  [{ strategy: 'levelled' }, '--strategy must be leveled, tiered or fifo'],
  [{ strategy: 'tiered', multiplier: '3' }, '--multiplier is for leveled compaction, not for tiered'],
  [{ multiplier: '1' }, '--multiplier must be a whole number from 2 to 100'],
  [{ tableSize: '1' }, '--table-size must be at least 1.0 KiB'],
  [{ size: 'much' }, '--size must be a size such as 4096, 16MiB or 1.5TB'],
  [{ size: '0' }, '--size must be at least 1 bytes'],
  [{ size: '1PB', writeBuffer: '1MiB' }, '--size is too many times --write-buffer'],
  [{ valueBytes: '9-1' }, '--value-bytes must be'],
  [{ theta: '1' }, '--theta is for --keys zipf'],
  [{ updates: '1.1' }, '--updates must be a number from 0 to 1'],
  [{ updates: '0.6', deletes: '0.5' }, 'together at most 1'],
  [{ updates: '1' }, 'with --load'],
  [{ maxAge: '1' }, '--max-age needs --write-rate'],
  [{ exact: true, size: '1TB' }, '--exact is for small workloads'],
])('%j is refused', (options, message) => {
  expect(() => asked(options)).toThrow(UsageError)
  expect(() => asked(options)).toThrow(message)
})

test.each([false, true])('jobs are counted up to each sample (exact: %s)', exact => {
  const request = asked({
    exact,
    load: '1500kB',
    size: '4MB',
    updates: '0.5',
    writeBuffer: '64KiB',
    baseLevel: '256KiB',
    tableSize: '64KiB',
    multiplier: '4',
    samples: '7',
  })
  const flushes: number[] = []
  const result = runSimulation(request, (done, all) => flushes.push(done / all))
  expect(flushes.length).toBe(flushesUntil(Number.POSITIVE_INFINITY, request.workload))
  expect(flushes.at(-1)).toBe(1)
  const counts = result.samples.map(({ jobs }) => jobs)
  expect(counts.length).toBe(7)
  expect(counts).toEqual([...counts].sort((a, b) => a - b))
  expect(counts[0]).toBeGreaterThan(0)
  expect(counts.at(-1)).toBe(Object.values(result.jobs).reduce((sum, count) => sum + count, 0))
  expect(result.samples.at(-1)?.userBytes).toBe(5_500_000)
})
