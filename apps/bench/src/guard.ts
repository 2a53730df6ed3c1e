/**
 * The guard command: which workloads became slower, or faster, from one commit to another.
 *
 *     commit A ─▶ worktree, install, build ┐
 *                                          ├─▶ rounds a b, b a, a b …  each in a process of its own ─▶ judged row by row
 *     commit B ─▶ worktree, install, build ┘
 *
 * The benchmark is this one for both; only the engine is theirs. Its exit code is 1 if a row became slower, or failed; 2 if
 * it was called wrongly or a commit cannot be built.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { buildCommit } from './commit-build.ts'
import { parseCommand } from './command-line.ts'
import { judge, judgementTable, type Judgement } from './judgement.ts'
import { runRounds, type Outcome, type Rounds } from './rounds.ts'

const USAGE = `usage: bench:guard COMMIT_A COMMIT_B [WORKLOAD…] [settings]

  --num N          entries of the database (200,000)
  --seconds N      a phase on a loaded database ends after so long, at the latest (2)
  --repeat N       measurements of each commit (6); with fewer than 5, nothing can be told from noise
  --dir DIRECTORY  where commits are built and databases made (${tmpdir()})

A row has moved if its times, or its processor times, of A and B lie apart by more than chance would have it in one of a
hundred cases, and their medians by 3 %.`

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  try {
    return await compareCommits(args)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    return 2
  }
}

async function compareCommits(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      num: { type: 'string', default: '200000' },
      seconds: { type: 'string', default: '2' },
      repeat: { type: 'string', default: '6' },
      dir: { type: 'string', default: tmpdir() },
    },
  })
  const [before, after, ...workloads] = positionals
  if (after === undefined) {
    console.log(USAGE)
    return 2
  }
  const directory = await mkdtemp(join(values.dir, 'lsm-guard-'))
  // The first interrupt ends the child at work, and what was made for it is removed; a second one ends everything at once.
  const interrupt = new AbortController()
  process.once('SIGINT', () => interrupt.abort(new Error('interrupted')))
  try {
    await using a = await buildCommit(before, join(directory, 'a'))
    await using b = await buildCommit(after, join(directory, 'b'))
    const settings = Object.entries(values).flatMap(([name, value]) => [`--${name}`, value])
    const engines = [a, b].flatMap(({ module }) => ['--engine', `lsm:from=${module}`])
    const names = workloads.flatMap(name => ['--workload', name])
    const judgements: Judgement[] = []
    for (const rounds of parseCommand([...settings, ...engines, ...names]).rounds)
      judgements.push(judge(rounds, await measured(rounds, interrupt.signal)))
    console.log(judgementTable([before, after], judgements))
    return judgements.some(({ verdict }) => verdict === 'slower' || verdict === 'failed') ? 1 : 0
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function measured(rounds: Rounds, signal: AbortSignal): Promise<Outcome[]> {
  process.stderr.write(`${rounds.workload} `)
  const outcomes: Outcome[] = []
  for await (const outcome of runRounds(rounds)) {
    signal.throwIfAborted()
    outcomes.push(outcome)
    process.stderr.write(outcome.failure === undefined ? '.' : ` ${outcome.failure} `)
  }
  process.stderr.write('\n')
  return outcomes
}
