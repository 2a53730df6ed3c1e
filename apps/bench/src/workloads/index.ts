/**
 * The workloads that exist. Another one is a file beside this one, and a line in it.
 */
import { fillrandom } from './fillrandom.ts'
import { overwrite } from './overwrite.ts'
import { readrandom, readrandomSync, readseq } from './read.ts'
import type { Workload } from './workload.ts'

/** Workloads by name. */
export const WORKLOADS: ReadonlyMap<string, Workload> = new Map(
  [overwrite, fillrandom, readrandom, readrandomSync, readseq].map(workload => [workload.name, workload]),
)
