/**
 * The command that measures: which workloads, and LevelDB's familiar line for each. What they do is in `benchmark`, which is
 * loaded only when the command is called.
 */
import type { WorkloadResult } from '../benchmark.ts'
import { EXIT } from '../exit-codes.ts'
import { UsageError } from '../failure.ts'
import type { CommandDefinition } from './command.ts'
import { countOption, NDJSON, sizeOption } from './options.ts'

const ENTRIES = 1_000_000
const VALUE_BYTES = 100
const MEGABYTE = 1024 * 1024

const bench: CommandDefinition = {
  name: 'bench',
  chapter: 'The database',
  summary: 'measure this machine with a database of its own, as db_bench does',
  details: `Workloads: fillseq, fillrandom, fillbatch, fillsync, readseq, readreverse, readrandom, readmissing, readhot, seekrandom,
overwrite, deleterandom; all of them, in this order, if none is named. Keys have 16 bytes. Puts are handed to the system,
as "put" does without --sync; fillsync waits for the disk, a thousandth as often. The database is removed afterwards.`,
  arguments: [{ name: 'workload', description: 'what to measure', optional: true, many: true }],
  options: [
    { flags: '--num <count>', description: 'entries (1000000)' },
    { flags: '--value-bytes <size>', description: 'a value (100)' },
    { flags: '--dir <directory>', description: 'where the database is made (the temporary directory)' },
    { ...NDJSON, description: 'one JSON object a line for each workload' },
  ],
  standsAlone: true,
  async run({ output, signal }, given) {
    const { benchmark, WORKLOADS } = await import('../benchmark.ts')
    const names = Object.keys(WORKLOADS) as (keyof typeof WORKLOADS)[]
    const unknown = given.words.find(word => !names.some(name => name === word))
    if (unknown !== undefined) throw new UsageError(`there is no workload ${unknown}; there are ${names.join(', ')}`)
    const request = {
      workloads: given.words.length === 0 ? names : names.filter(name => given.words.includes(name)),
      entries: countOption(given, 'num', 1) ?? ENTRIES,
      valueBytes: sizeOption(given, 'valueBytes', 1) ?? VALUE_BYTES,
      parent: given.text('dir'),
      signal,
    }
    for await (const result of benchmark(request)) {
      await output.write(`${given.flag('ndjson') ? JSON.stringify(result) : lineOf(result)}\n`)
      await output.flush()
    }
    return EXIT.ok
  },
}

/** `fillseq      :       1.437 micros/op;   77.0 MB/s`, as LevelDB's db_bench prints it. */
function lineOf({ workload, operations, seconds, bytes }: WorkloadResult): string {
  const micros = ((seconds * 1e6) / operations).toFixed(3).padStart(11)
  const speed = (bytes / MEGABYTE / seconds).toFixed(1).padStart(6)
  return `${workload.padEnd(12)} : ${micros} micros/op;${bytes > 0 ? ` ${speed} MB/s` : ''}`
}

/** Commands that measure. */
export const BENCHMARK_COMMANDS: readonly CommandDefinition[] = [bench]
