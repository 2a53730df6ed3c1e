/**
 * A range compacted because somebody asked for it.
 *
 * The strategy plans one step after the other until nothing of the range is left to do. Tables that a background job is
 * at work on are waited for. What was still in memory is flushed first.
 */
import { LsmError } from '@lsm/base'
import type { JobProgress, Strategy } from '@lsm/compaction'

import type { Background } from './background.ts'
import type { Compactions } from './compactions.ts'

/** How far a compaction of a range has come. */
export interface CompactRangeProgress {
  /** Steps done. */
  readonly steps: number
  /** Bytes that the steps have read, the running one included. */
  readonly bytesRead: number
  /** Bytes that the steps have written. */
  readonly bytesWritten: number
  /** Bytes that were in the tables of the range at the beginning: about what will be read from each level. */
  readonly bytesTotal: number
}

/** Settings of a compaction of a range. */
export interface CompactRangeOptions {
  /** Cancels the compaction with `LSM_ABORTED`; steps that are done stay done. */
  readonly signal?: AbortSignal
  /** Called now and then. */
  readonly onProgress?: (progress: CompactRangeProgress) => void
}

/** What a compaction of a range uses. */
export interface ManualParts {
  readonly strategy: Strategy
  readonly compactions: Compactions
  readonly background: Background
}

/** Compacts what lies between two user keys, both included; `undefined` leaves a side open. */
export async function compactRange(
  { strategy, compactions, background }: ManualParts,
  begin: Uint8Array | undefined,
  end: Uint8Array | undefined,
  { signal, onProgress }: CompactRangeOptions,
): Promise<void> {
  const stop = signal === undefined ? background.signal : AbortSignal.any([signal, background.signal])
  const bytesTotal = compactions.rangeBytes(begin, end)
  const done = new Set<number>()
  let steps = 0
  let [read, written] = [0, 0]
  const report = (running?: JobProgress): void =>
    onProgress?.({
      steps,
      bytesRead: read + (running?.bytesRead ?? 0),
      bytesWritten: written + (running?.bytesWritten ?? 0),
      bytesTotal,
    })
  for (;;) {
    if (signal?.aborted) throw new LsmError('LSM_ABORTED', 'the compaction was cancelled', { cause: signal.reason })
    const plan = strategy.planRange(compactions.tree(), begin, end, done)
    if (plan === undefined) {
      if (!compactions.isBusyIn(begin, end)) return
      await background.nextChange(signal)
      continue
    }
    const result = await background.perform(() => compactions.run(plan, stop, report))
    for (const number of result.outputs) done.add(number)
    read += result.bytesRead
    written += result.bytesWritten
    steps++
    report()
  }
}
