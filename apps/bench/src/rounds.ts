/**
 * Every engine in turn, again and again, each time in a process and a directory of its own.
 *
 *     round 1   a  b  c
 *     round 2   c  b  a        there and back, so that nobody is always first, nor always after the same one
 *
 * A machine is faster in one minute than in the next; only what was measured side by side is compared.
 */
import { fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { Answer } from './child.ts'
import type { Assignment, Measurement } from './measure.ts'
import { WORKLOADS } from './workloads/index.ts'

/** What is measured, and how often. */
export interface Rounds extends Omit<Assignment, 'engine' | 'directory'> {
  readonly engines: readonly string[]
  readonly repeat: number
  /** Where databases are made. */
  readonly parent: string
  /** Arguments for Node, such as `--cpu-prof`. */
  readonly nodeArguments: readonly string[]
}

/** One measurement, or why there is none. */
export interface Outcome {
  readonly engine: string
  readonly round: number
  readonly measurement: Measurement | undefined
  readonly failure: string | undefined
  /** Why there is nothing to measure: the engine is not installed, or cannot do it. */
  readonly missing?: string | undefined
}

/** Carries the rounds out; yields each outcome when it is there. */
export async function* runRounds(rounds: Rounds): AsyncGenerator<Outcome, void, undefined> {
  const { engines, repeat } = rounds
  for (let round = 1; round <= repeat; round++) {
    for (const engine of round % 2 === 1 ? engines : engines.toReversed()) {
      const answer = await measureOnce(rounds, engine)
      yield {
        engine,
        round,
        measurement: 'measurement' in answer ? answer.measurement : undefined,
        failure: 'failure' in answer ? answer.failure : undefined,
        missing: 'missing' in answer ? answer.missing : undefined,
      }
    }
  }
}

async function measureOnce(rounds: Rounds, engine: string): Promise<Answer> {
  const { workload, durability, size, parent, nodeArguments } = rounds
  const directory = await mkdtemp(join(parent, 'lsm-bench-'))
  try {
    const assignment: Assignment = { engine, workload, durability, size, directory }
    const { preparation, nodeArguments: own = [] } = WORKLOADS.get(workload) ?? {}
    if (preparation !== undefined) {
      const prepared = await inChild({ ...assignment, prepares: true }, [])
      if (!('prepared' in prepared)) return prepared
    }
    return await inChild(assignment, [...own, ...nodeArguments])
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function inChild(assignment: Assignment, execArgv: readonly string[]): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('child.js', import.meta.url), [JSON.stringify(assignment)], { execArgv: [...execArgv] })
    let answer: Answer | undefined
    child.on('message', message => {
      answer = message as Answer
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      resolve(answer ?? { failure: `the process ended without an answer (${signal ?? `exit code ${code}`})` })
    })
  })
}
