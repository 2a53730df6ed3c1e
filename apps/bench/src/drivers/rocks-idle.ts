/**
 * When RocksDB has nothing left to do. It is asked for its counters until they are all zero.
 */
import { setTimeout as pause } from 'node:timers/promises'

const POLL = 20

const COUNTERS = [
  'rocksdb.mem-table-flush-pending',
  'rocksdb.num-running-flushes',
  'rocksdb.compaction-pending',
  'rocksdb.num-running-compactions',
]

/** Resolves with the time when nothing was left to do. What is in the memtable stays there: bindings cannot flush. */
export async function rocksIdle(property: (name: string) => string): Promise<number> {
  while (COUNTERS.some(name => Number(property(name)) > 0)) await pause(POLL)
  return performance.now()
}
