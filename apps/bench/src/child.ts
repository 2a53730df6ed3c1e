/**
 * The process that measures once and ends. It is given its assignment as its argument and answers with one message.
 */
import { MissingError } from './drivers/driver.ts'
import { DRIVERS } from './drivers/index.ts'
import { parseEngine } from './engine-name.ts'
import { measure, prepare, type Assignment, type Measurement } from './measure.ts'
import { systemPageCache } from './page-cache.ts'
import { WORKLOADS } from './workloads/index.ts'

/** What the process answers: what it measured, nothing where it prepared, what is missing, or what went wrong. */
export type Answer =
  | { readonly measurement: Measurement }
  | { readonly prepared: true }
  | { readonly missing: string }
  | { readonly failure: string }

const assignment = JSON.parse(process.argv[2]) as Assignment
const answer = await work(assignment)
const end = WORKLOADS.get(assignment.workload)?.preparation?.end
if ('prepared' in answer && end === 'killed') dieAnswering(answer)
else process.send?.(answer, () => process.disconnect?.())

async function work(task: Assignment): Promise<Answer> {
  const { driver, options } = parseEngine(task.engine)
  const kind = DRIVERS.get(driver)
  const workload = WORKLOADS.get(task.workload)
  if (kind === undefined || workload === undefined) return { failure: 'unknown engine or workload' }
  try {
    const work = { ...task, options, pageCache: systemPageCache }
    if (task.prepares !== true) return { measurement: await measure(kind, workload, work) }
    await kind.load?.(options)
    const database = await prepare(kind, workload, work)
    if (workload.preparation?.end === 'closed') await database.close()
    return { prepared: true }
  } catch (error) {
    if (error instanceof MissingError) return { missing: error.message }
    return { failure: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }
  }
}

/** As the machine does it, without a chance to close anything. */
function dieAnswering(last: Answer): void {
  process.send?.(last, () => process.kill(process.pid, 'SIGKILL'))
}
