/**
 * A simulation for a reader at a terminal: a table over time, then the tree at its end and the sums.
 */
import { formatSize } from './byte-size.ts'
import type { Output } from './output.ts'
import type { CountedSample, SimulationResult, StrategySettings } from './simulation-request.ts'
import { plainTable, twoColumns } from './table.ts'

const HEAD = ['written', 'on disk', 'write amp.', 'read amp.', 'space amp.', 'jobs'] as const

/** The text. */
export function simulationText(result: SimulationResult, output: Output): string {
  const rows = result.samples.map(sampleRow)
  const head = HEAD.map(word => output.bold(word))
  const table = plainTable([head, ...rows], { colAligns: HEAD.map(() => 'right') })
  return `${table}\n${twoColumns(summaryRows(result))}`
}

function sampleRow(sample: CountedSample): string[] {
  const { userBytes, levelBytes, writeAmplification, readAmplification, spaceAmplification, jobs } = sample
  return [
    formatSize(userBytes),
    formatSize(sum(levelBytes)),
    writeAmplification.toFixed(1),
    readAmplification.toFixed(1),
    spaceAmplification.toFixed(2),
    number(jobs),
  ]
}

function summaryRows({ strategy, samples, flushedBytes, compactedBytes, jobs }: SimulationResult): [string, string][] {
  const last = samples.at(-1)
  return [
    [strategy.name, settingsText(strategy)],
    ...(last === undefined ? [] : levelRows(last)),
    ['flushed', formatSize(flushedBytes)],
    ['compacted', formatSize(compactedBytes)],
    ['jobs', number(Object.values(jobs).reduce((sum, count) => sum + count, 0))],
    ...Object.entries(jobs).map(([reason, count]): [string, string] => [`  ${number(count)}`, reason]),
  ]
}

function levelRows({ levelTables, levelBytes }: CountedSample): [string, string][] {
  return levelTables.flatMap((tables, level): [string, string][] =>
    tables === 0 ? [] : [[`  level ${level}`, `${number(tables)} of ${formatSize(levelBytes[level])}`]],
  )
}

function settingsText(strategy: StrategySettings): string {
  switch (strategy.name) {
    case 'leveled': {
      const { levelMultiplier, baseLevelBytes, maxTableSize, level0Trigger } = strategy
      const levels = `levels of ${formatSize(baseLevelBytes)} and ${levelMultiplier} times more each`
      return `${levels}, tables of ${formatSize(maxTableSize)}, ${level0Trigger} of level 0 ask`
    }
    case 'tiered': {
      const { minRuns, maxRuns, sizeRatio, maxSpaceAmplification } = strategy
      return `${minRuns} to ${maxRuns} runs, similar within ${sizeRatio} %, newer ones ${maxSpaceAmplification} % of the oldest`
    }
    case 'fifo':
      return `the latest ${formatSize(strategy.maxBytes)}`
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

function number(count: number): string {
  return count.toLocaleString('en')
}
