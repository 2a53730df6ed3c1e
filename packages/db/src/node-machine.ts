/**
 * What makes sense on this machine.
 */
import { availableParallelism, totalmem } from 'node:os'

const MiB = 1024 * 1024

/** One thread for flushes, and one for compactions, or one more for each two cores beyond four. */
export function defaultWorkers(): number {
  return 2 + Math.max(0, Math.min(6, (availableParallelism() - 4) >> 1))
}

/** Bytes of blocks to keep: a thirty-second of the memory that there is, from 8 to 256 MiB. */
export function defaultCacheSize(): number {
  // 0 where nothing is known, and more than there is where nothing is constrained.
  const constrained = process.constrainedMemory?.() ?? 0
  const memory = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
  return Math.min(256 * MiB, Math.max(8 * MiB, Math.floor(memory / 32)))
}
