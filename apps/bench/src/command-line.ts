/**
 * What the command line asks for.
 */
import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'

import { parseEngine } from './engine-name.ts'
import type { Rounds } from './rounds.ts'
import { WORKLOADS } from './workloads/index.ts'

/** What is to be done: one set of rounds for each workload. */
export interface Command {
  readonly help: boolean
  readonly rounds: readonly Rounds[]
  /** File for the results. */
  readonly json: string | undefined
}

const OPTIONS = {
  help: { type: 'boolean', default: false },
  workload: { type: 'string', multiple: true },
  engine: { type: 'string', multiple: true },
  num: { type: 'string' },
  keys: { type: 'string' },
  batch: { type: 'string', default: '100' },
  repeat: { type: 'string', default: '3' },
  seed: { type: 'string', default: '1' },
  sync: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  dir: { type: 'string', default: tmpdir() },
  json: { type: 'string' },
  'node-arg': { type: 'string', multiple: true },
} as const

/** How it is used. */
export const USAGE: string = `usage: bench [--workload NAME]… [--engine NAME[:OPTION=VALUE,…]]… [settings]

${[...WORKLOADS.values()].map(({ name, summary }) => `  ${name.padEnd(16)} ${summary}`).join('\n')}

  --engine         classic-level, lsm, lsm:workers=0 …; the others are compared with the first
  --num N          operations, loading included where loading is measured
  --keys N         different keys
  --batch N        operations of a batch (100)
  --repeat N       measurements of each engine (3)
  --seed N         seed of everything random (1)
  --sync           every write waits for the disk
  --quick          small sizes, once: does everything work?
  --dir DIRECTORY  where databases are made (${OPTIONS.dir.default})
  --json FILE      writes everything that was measured
  --node-arg ARG   an argument for Node in the measuring process, such as --cpu-prof`

/** Reads arguments; throws `TypeError` for what makes no sense. */
export function parseCommand(args: readonly string[]): Command {
  const { values } = parseArgs({ args: [...args], options: OPTIONS })
  const engines = values.engine ?? ['classic-level', 'lsm']
  for (const engine of engines) parseEngine(engine)
  const rounds = (values.workload ?? ['overwrite']).map((name): Rounds => {
    const workload = WORKLOADS.get(name)
    if (workload === undefined)
      throw new TypeError(`no workload '${name}'; there are ${[...WORKLOADS.keys()].join(', ')}`)
    const usual = values.quick ? workload.quick : workload.full
    const num = count(values.num, usual.num)
    return {
      workload: name,
      engines,
      durability: values.sync ? 'synced' : 'os',
      size: {
        num,
        keys: count(values.keys, Math.max(1, Math.floor((num * usual.keys) / usual.num))),
        batch: count(values.batch, 0),
        seed: count(values.seed, 0),
      },
      repeat: values.quick ? 1 : count(values.repeat, 0),
      parent: values.dir,
      nodeArguments: values['node-arg'] ?? [],
    }
  })
  return { help: values.help, rounds, json: values.json }
}

function count(text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback
  const number = Number(text.replaceAll('_', ''))
  if (!Number.isInteger(number) || number < 1) throw new TypeError(`'${text}' is not a whole number above 0`)
  return number
}
