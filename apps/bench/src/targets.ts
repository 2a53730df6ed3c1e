/**
 * What @lsm/db is to reach: microseconds for an operation at most, by the number of entries. Set from what the best rival
 * does and from what the machine allows, on two shared cores with Node 20; elsewhere, only their proportions mean anything.
 */

/** Targets by number of entries, then by workload. */
const TARGETS: ReadonlyMap<number, Readonly<Record<string, number>>> = new Map([
  [
    200_000,
    {
      'awaited-put-loop': 4,
      'concurrent-put': 2,
      'fillbatch1000-random': 2,
      'fillsync-concurrent': 10,
      readrandom: 2.5,
      'readrandom-sync': 1.8,
      'readmissing-sync': 0.7,
      multireadrandom: 1.9,
      readseq: 0.45,
      readreverse: 0.6,
      seekrandom: 8,
      'ycsb-a': 4,
    },
  ],
  [
    1_000_000,
    {
      fillseq: 1.6,
      fillrandom: 4,
      fillbatch100: 1.5,
      fillbatch1000: 1.5,
      overwrite: 5,
      deleterandom: 4,
      'awaited-put-loop': 4,
      'concurrent-put': 2.2,
      fillsync: 230,
      'fillsync-concurrent': 10,
      readrandom: 3,
      'readrandom-sync': 2,
      readmissing: 1,
      readhot: 1.5,
      multireadrandom: 2.1,
      readseq: 0.5,
      readreverse: 0.65,
      seekrandom: 8,
      readwhilewriting: 3.5,
      'ycsb-a': 4,
      'ycsb-b': 4,
      'ycsb-c': 2.6,
      'ycsb-d': 3,
      'ycsb-e': 16,
      'ycsb-f': 5,
      'open-clean': 5000,
      'open-kill': 30_000,
    },
  ],
])

/** The target of a workload at a number of entries, if there is one. */
export function targetOf(workload: string, keys: number): number | undefined {
  return TARGETS.get(keys)?.[workload]
}

/** `hit`, or how many times the target the time is. */
export function verdict(time: number, target: number): string {
  return time <= target ? 'hit' : `missed ×${(time / target).toFixed(2)}`
}
