/**
 * A simulation, with its jobs counted flush by flush: a strategy is asked for plans until it has none, and then comes
 * another flush. So a strategy that stands before the real one sees all there is to count.
 */
import { fifoStrategy, leveledStrategy, simulate, tieredStrategy, type Strategy } from '@lsm/compaction'

import {
  flushesUntil,
  type SimulationRequest,
  type SimulationResult,
  type StrategySettings,
} from './simulation-request.ts'

/**
 * Runs a simulation, and blocks the thread until it is done.
 *
 * @param onFlush - called with how many flushes there were, and will be.
 */
export function runSimulation(
  request: SimulationRequest,
  onFlush: (done: number, all: number) => void,
): SimulationResult {
  const { strategy, workload, settings } = request
  const all = flushesUntil(Number.POSITIVE_INFINITY, workload)
  /** Jobs until the end of each flush. */
  const jobs: number[] = []
  let counted = 0
  const inner = strategyOf(strategy)
  const watched: Strategy = {
    ...inner,
    plan(tree) {
      const plan = inner.plan(tree)
      if (plan === undefined) onFlush(jobs.push(counted), all)
      else counted++
      return plan
    },
  }
  const report = simulate(watched, workload, settings)
  const samples = report.samples.map(sample => {
    return { ...sample, jobs: jobs[flushesUntil(sample.userBytes, workload) - 1] }
  })
  return { ...request, ...report, strategy, samples }
}

function strategyOf(settings: StrategySettings): Strategy {
  switch (settings.name) {
    case 'leveled':
      return leveledStrategy(settings)
    case 'tiered':
      return tieredStrategy(settings)
    case 'fifo':
      return fifoStrategy(settings)
  }
}
