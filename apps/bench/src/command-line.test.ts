import { expect, test } from 'vitest'

import { parseCommand } from './command-line.ts'
import { parseEngine } from './engine-name.ts'

test('without arguments: 10 million operations, three rounds, two engines', () => {
  const { rounds } = parseCommand([])
  expect(rounds).toHaveLength(1)
  expect(rounds[0]).toMatchObject({
    workload: 'overwrite',
    engines: ['classic-level', 'lsm'],
    durability: 'os',
    repeat: 3,
    size: { num: 10_000_000, keys: 2_500_000, batch: 100, seed: 1 },
  })
})

test('keys follow the number of operations', () => {
  const [rounds] = parseCommand(['--num', '1_000_000', '--sync', '--repeat', '5']).rounds
  expect(rounds).toMatchObject({ durability: 'synced', repeat: 5, size: { num: 1_000_000, keys: 250_000 } })
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
