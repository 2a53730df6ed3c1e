/**
 * The workloads that exist. Another one is a file beside this one, and a line in it.
 */
import { allocations } from './allocations.ts'
import { cold } from './cold.ts'
import { fills } from './fill.ts'
import { fillsync, fillsyncConcurrent } from './fillsync.ts'
import { memory } from './memory.ts'
import { multireadrandom } from './multireadrandom.ts'
import { awaitedPutLoop, deleterandom, overwrite } from './overwrite.ts'
import { reads } from './read.ts'
import { readwhilewriting } from './readwhilewriting.ts'
import { openClean, openKill } from './reopen.ts'
import { readreverse, readseq, seekrandom } from './scan.ts'
import { sustained } from './sustained.ts'
import type { Workload } from './workload.ts'
import { ycsb } from './ycsb.ts'

const ALL: readonly Workload[] = [
  ...fills,
  overwrite,
  deleterandom,
  awaitedPutLoop,
  fillsync,
  fillsyncConcurrent,
  ...reads,
  multireadrandom,
  readseq,
  readreverse,
  seekrandom,
  readwhilewriting,
  ...ycsb,
  openClean,
  openKill,
  sustained,
  ...cold,
  ...memory,
  ...allocations,
]

/** Workloads by name, in the order of tables. */
export const WORKLOADS: ReadonlyMap<string, Workload> = new Map(ALL.map(workload => [workload.name, workload]))
