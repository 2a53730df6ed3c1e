/**
 * The command that simulates: what it asks for, and where what comes of it goes. The simulation and how it is shown are
 * loaded only when it is called.
 */
import { EXIT } from '../exit-codes.ts'
import type { Output } from '../output.ts'
import { Progress } from '../progress.ts'
import type { SimulationRequest, SimulationResult } from '../simulation-request.ts'
import type { CommandDefinition, OptionDefinition } from './command.ts'
import { JSON_DOCUMENT } from './options.ts'

const STRATEGY: readonly OptionDefinition[] = [
  { flags: '--strategy <name>', description: 'leveled, tiered or fifo (leveled)' },
  { flags: '--trigger <count>', description: 'tables of level 0, or runs, that ask for it (4)' },
  { flags: '--multiplier <count>', description: 'leveled: each level to the one above it (10)' },
  { flags: '--base-level <size>', description: 'leveled: the first level below level 0 (64MiB)' },
  { flags: '--table-size <size>', description: 'leveled: where a table is closed (8MiB)' },
  { flags: '--max-runs <count>', description: 'tiered: runs that there may be (20)' },
  { flags: '--size-ratio <percent>', description: 'tiered: more that a similar run may have (10)' },
  { flags: '--max-space <percent>', description: 'tiered: newer runs, of the oldest one (100)' },
  { flags: '--fifo-max <size>', description: 'fifo: where the oldest tables are dropped (1GiB)' },
  { flags: '--max-age <seconds>', description: 'leveled: when data is rewritten; fifo: dropped' },
]

const WORKLOAD: readonly OptionDefinition[] = [
  { flags: '--size <size>', description: 'keys and values that are written (100GB)' },
  { flags: '--load <size>', description: 'new keys that are written before them (0)' },
  { flags: '--keys <kind>', description: 'uniform, sequential or zipf (uniform)' },
  { flags: '--theta <number>', description: 'zipf: from 0, all alike, to 2 (0.99)' },
  { flags: '--key-bytes <size>', description: 'a key (16)' },
  { flags: '--value-bytes <count>', description: 'a value, or a range such as 50-150 (100)' },
  { flags: '--updates <part>', description: 'part of the writes that overwrite, 0 to 1 (0)' },
  { flags: '--deletes <part>', description: 'part of the writes that delete, 0 to 1 (0)' },
  { flags: '--write-buffer <size>', description: 'writes that become one table (16MiB)' },
  { flags: '--write-rate <size>', description: 'a second; only ages depend on it' },
  { flags: '--exact', description: 'merge real keys: for small workloads' },
  { flags: '--seed <number>', description: 'with --exact: where keys come from (1)' },
]

const simulate: CommandDefinition = {
  name: 'simulate',
  chapter: 'The database',
  summary: 'what a strategy would make of a workload, without a database',
  details: `The strategy plans as it would for a database, on tables that are described and not there: a terabyte takes
seconds or minutes, depending on the size of tables. Compaction always keeps up: what is found is its work, not its speed.
Sizes are such as 4096, 16MiB or 1.5TB.
On a terminal: a table over time, and a summary. Elsewhere: one JSON object a line for each sample.`,
  arguments: [],
  options: [
    ...STRATEGY,
    ...WORKLOAD,
    { flags: '--samples <count>', description: 'rows over the whole time (20)' },
    { flags: '--ndjson', description: 'one JSON object a line for each sample' },
    { ...JSON_DOCUMENT, description: 'settings, samples and sums as a JSON document' },
  ],
  standsAlone: true,
  async run({ output, signal, strategy }, given) {
    const { simulationRequest } = await import('../simulation-settings.ts')
    const result = await simulated(simulationRequest(given, strategy), output, signal)
    if (given.flag('json')) await output.write(`${JSON.stringify(result, undefined, 2)}\n`)
    else if (given.flag('ndjson') || !output.terminal) {
      for (const sample of result.samples) await output.write(`${JSON.stringify(sample)}\n`)
    } else await output.write((await import('../simulation-text.ts')).simulationText(result, output))
    return EXIT.ok
  },
}

async function simulated(request: SimulationRequest, output: Output, signal: AbortSignal): Promise<SimulationResult> {
  const { simulateInThread } = await import('../simulation-runner.ts')
  const progress = new Progress(output)
  const line = (done: number, all: number): string => `simulating: ${Math.floor((100 * done) / all)} %`
  try {
    return await simulateInThread(request, (done, all) => progress.show(() => line(done, all)), signal)
  } finally {
    progress.end()
  }
}

/** Commands that simulate. */
export const SIMULATION_COMMANDS: readonly CommandDefinition[] = [simulate]
