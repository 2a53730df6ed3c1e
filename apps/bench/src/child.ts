/**
 * The process that measures once and ends. It is given its assignment as its argument and answers with one message.
 */
import { DRIVERS } from './drivers/index.ts'
import { parseEngine } from './engine-name.ts'
import { measure, type Assignment, type Measurement } from './measure.ts'
import { WORKLOADS } from './workloads/index.ts'

/** What the process answers. */
export type Answer = { readonly measurement: Measurement } | { readonly failure: string }

const answer = await work(JSON.parse(process.argv[2]) as Assignment)
process.send?.(answer)
process.disconnect?.()

async function work(assignment: Assignment): Promise<Answer> {
  const { driver, options } = parseEngine(assignment.engine)
  const kind = DRIVERS.get(driver)
  const workload = WORKLOADS.get(assignment.workload)
  if (kind === undefined || workload === undefined) return { failure: 'unknown engine or workload' }
  try {
    return { measurement: await measure(kind, workload, { ...assignment, options }) }
  } catch (error) {
    return { failure: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }
  }
}
