/**
 * The bench command: measures, prints, and keeps the results. Its exit code is 1 if an engine failed or lost data, 2 if it
 * was called wrongly.
 */
import { writeFile } from 'node:fs/promises'

import { barChart } from './chart.ts'
import { parseCommand, USAGE, type Command } from './command-line.ts'
import { curveChart } from './curve.ts'
import { thisMachine } from './machine.ts'
import { markdown } from './markdown.ts'
import { phaseLine, resultTable, summaryTables } from './report.ts'
import { runRounds, type Outcome, type Rounds } from './rounds.ts'
import { DURABILITY, summarize, type Result } from './summary.ts'

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const command = parsed(args)
  if (command === undefined || command.help) {
    console.log(USAGE)
    return command === undefined ? 2 : 0
  }
  const results: Result[] = []
  for (const rounds of command.rounds) results.push({ rounds, outcomes: await runAndShow(rounds) })
  const rows = summarize(results)
  if (rows.length > 1 || command.targets) console.log(summaryTables(rows, command.targets))
  await keep(command, results)
  return results.some(({ outcomes }) => outcomes.some(({ failure }) => failure !== undefined)) ? 1 : 0
}

function parsed(args: readonly string[]): Command | undefined {
  try {
    return parseCommand(args)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    return undefined
  }
}

async function keep(command: Command, results: readonly Result[]): Promise<void> {
  const { json, svg, markdown: document, targets, curve } = command
  const draw = curve ? curveChart : barChart
  const machine = thisMachine()
  if (json !== undefined) await writeFile(json, JSON.stringify({ machine, results }, null, 2))
  if (svg !== undefined) await writeFile(svg, draw(summarize(results), machine))
  if (document !== undefined) await writeFile(document, markdown(results, machine, targets))
}

async function runAndShow(rounds: Rounds): Promise<Outcome[]> {
  const { workload, size, durability } = rounds
  console.log(`${workload}: ${size.num} operations or ${size.seconds} s, ${size.keys} keys, ${DURABILITY[durability]}`)
  const outcomes: Outcome[] = []
  for await (const outcome of runRounds(rounds)) {
    outcomes.push(outcome)
    const label = `  ${String(outcome.round)} ${outcome.engine.padEnd(16)} `
    if (outcome.failure !== undefined) console.log(`${label}FAILED: ${outcome.failure}`)
    if (outcome.missing !== undefined) console.log(`${label}not measured: ${outcome.missing}`)
    for (const phase of outcome.measurement?.phases ?? []) console.log(`${label}${phaseLine(phase)}`)
    for (const remark of outcome.measurement?.remarks ?? []) console.log(`${label}${remark}`)
  }
  console.log(resultTable(rounds.engines, outcomes))
  return outcomes
}
