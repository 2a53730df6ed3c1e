import { expect, test } from 'vitest'

import { parseCommand } from './command-line.ts'
import { parseEngine } from './engine-name.ts'
import { WORKLOADS } from './workloads/index.ts'

test('without arguments: every workload that does not have to be asked for, a million entries, three rounds', () => {
  const { rounds } = parseCommand([])
  expect(rounds.map(({ workload }) => workload)).toEqual(
    [...WORKLOADS.keys()].filter(name => !/^sustained$|cold|^memory|^allocations/.test(name)),
  )
  expect(rounds[0]).toMatchObject({
    workload: 'fillseq',
    engines: ['classic-level', 'lsm'],
    durability: 'os',
    repeat: 3,
    size: { num: 1_000_000, keys: 1_000_000, batch: 100, seed: 1, seconds: 5 },
  })
})

test('operations follow the number of entries', () => {
  const args = ['--workload', 'sustained', '--num', '500_000', '--sync', '--repeat', '5']
  const [rounds] = parseCommand(args).rounds
  expect(rounds).toMatchObject({ durability: 'synced', repeat: 5, size: { num: 2_000_000, keys: 500_000 } })
})

test('a workload about syncing syncs, whatever is asked for', () => {
  expect(parseCommand(['--workload', 'fillsync', '--workload', 'fillseq']).rounds).toMatchObject([
    { durability: 'synced' },
    { durability: 'os' },
  ])
})

test('an engine has options of its own', () => {
  expect(parseEngine('lsm:workers=2,compression=none,verifyOutput=true')).toEqual({
    label: 'lsm:workers=2,compression=none,verifyOutput=true',
    driver: 'lsm',
    options: { workers: 2, compression: 'none', verifyOutput: true },
  })
})

test.each([
  [['--engine', 'oracle'], "no engine 'oracle'"],
  [['--engine', 'lsm:workers'], "'workers' is no setting"],
  [['--workload', 'tpcc'], "no workload 'tpcc'"],
  [['--num', '0'], "'0' is not a whole number above 0"],
  [['--num', 'many'], "'many' is not a whole number above 0"],
  [['--unknown'], '--unknown'],
])('%j is refused', (args, message) => {
  expect(() => parseCommand(args)).toThrow(message)
})
