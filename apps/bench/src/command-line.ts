/**
 * What the command line asks for.
 */
import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'

import { CURVE, curveSizes } from './curve.ts'
import { DRIVERS } from './drivers/index.ts'
import { parseEngine } from './engine-name.ts'
import type { Rounds } from './rounds.ts'
import { WORKLOADS } from './workloads/index.ts'
import type { Size, Workload } from './workloads/workload.ts'

/** What is to be done: one set of rounds for each workload. */
export interface Command {
  readonly help: boolean
  readonly rounds: readonly Rounds[]
  /** Whether the same is measured at several sizes. */
  readonly curve: boolean
  /** Whether our own engine is compared with its targets. */
  readonly targets: boolean
  /** Files for everything that was measured, for a drawing, and for tables. */
  readonly json: string | undefined
  readonly svg: string | undefined
  readonly markdown: string | undefined
}

const OPTIONS = {
  help: { type: 'boolean', default: false },
  workload: { type: 'string', multiple: true },
  engine: { type: 'string', multiple: true },
  num: { type: 'string' },
  ops: { type: 'string' },
  batch: { type: 'string', default: '100' },
  seconds: { type: 'string' },
  repeat: { type: 'string' },
  seed: { type: 'string', default: '1' },
  sync: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  dir: { type: 'string', default: tmpdir() },
  curve: { type: 'boolean', default: false },
  targets: { type: 'boolean', default: false },
  json: { type: 'string' },
  svg: { type: 'string' },
  markdown: { type: 'string' },
  'node-arg': { type: 'string', multiple: true },
} as const

/** How it is used. */
export const USAGE: string = `usage: bench [--workload NAME]… [--engine NAME[:OPTION=VALUE,…]]… [settings]

${list(false)}

only where they are named by --workload, because they take long or need more than others:

${list(true)}

  --workload NAME  one of these; without it, all of the first list
  --engine NAME    of ${[...DRIVERS.keys()].join(', ')}; with options: lsm:workers=0,compression=none
                   classic-level and lsm; the others are compared with the first
  --num N          entries of the database (1 million); operations follow in proportion
  --ops N          operations
  --seconds N      a phase on a loaded database ends after so long, at the latest (5)
  --batch N        operations of a batch where a workload leaves that open (100)
  --repeat N       measurements of each engine (3)
  --seed N         seed of everything random (1)
  --sync           every write waits for the disk
  --quick          small sizes, once, half a second for each: all of it within two minutes
  --curve          what a put, a get and an entry of a scan cost at 10,000 entries, 100,000 … N (10 million)
  --dir DIRECTORY  where databases are made (${OPTIONS.dir.default})
  --targets        compares lsm with what it is to reach
  --json FILE      writes everything that was measured
  --svg FILE       draws the times
  --markdown FILE  writes tables
  --node-arg ARG   an argument for Node in the measuring process, such as --cpu-prof`

/** Reads arguments; throws `TypeError` for what makes no sense. */
export function parseCommand(args: readonly string[]): Command {
  const { values } = parseArgs({ args: [...args], options: OPTIONS })
  const engines = values.engine ?? ['classic-level', 'lsm']
  for (const engine of engines) parseEngine(engine)
  const rounds = (values.curve ? curveWorks(values) : works(values)).map(({ workload, size }): Rounds => ({
    workload: workload.name,
    engines,
    durability: workload.durability ?? (values.sync ? 'synced' : 'os'),
    size,
    repeat: count(values.repeat, values.quick ? 1 : 3),
    parent: values.dir,
    nodeArguments: values['node-arg'] ?? [],
  }))
  const { help, curve, targets, json, svg, markdown } = values
  return { help, rounds, curve, targets, json, svg, markdown }
}

interface Work {
  readonly workload: Workload
  readonly size: Size
}

function works(values: Values): Work[] {
  return (values.workload?.map(workloadNamed) ?? workloads(false)).map(workload => ({
    workload,
    size: sizeOf(workload, values),
  }))
}

/** Small databases are asked as often as large ones: a phase ends by the clock. */
function curveWorks(values: Values): Work[] {
  const most = count(values.num, values.quick ? 100_000 : 10_000_000)
  return (values.workload ?? CURVE).map(workloadNamed).flatMap(workload =>
    curveSizes(most).map(keys => {
      const num = count(values.ops, values.quick ? keys : Math.max(keys, 1_000_000))
      return { workload, size: { ...sizeOf(workload, values), keys, num } }
    }),
  )
}

function list(onRequest: boolean): string {
  return workloads(onRequest)
    .map(({ name, summary }) => `  ${name.padEnd(20)} ${summary}`)
    .join('\n')
}

/** Those that are measured only where they are asked for, or the others. */
function workloads(onRequest: boolean): Workload[] {
  return [...WORKLOADS.values()].filter(workload => (workload.onRequest ?? false) === onRequest)
}

function workloadNamed(name: string): Workload {
  const workload = WORKLOADS.get(name)
  if (workload === undefined)
    throw new TypeError(`no workload '${name}'; there are ${[...WORKLOADS.keys()].join(', ')}`)
  return workload
}

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values']

function sizeOf(workload: Workload, values: Values): Size {
  const usual = values.quick ? workload.quick : workload.full
  const keys = count(values.num, usual.keys)
  return {
    keys,
    num: count(values.ops, Math.max(1, Math.floor((keys / usual.keys) * usual.num))),
    batch: count(values.batch, 100),
    seed: count(values.seed, 1),
    seconds: values.seconds === undefined ? (values.quick ? 0.5 : 5) : count(values.seconds, 5),
  }
}

function count(text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback
  const number = Number(text.replaceAll('_', ''))
  if (!Number.isInteger(number) || number < 1) throw new TypeError(`'${text}' is not a whole number above 0`)
  return number
}
