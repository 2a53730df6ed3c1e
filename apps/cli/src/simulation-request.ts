/**
 * A simulation as plain data: what is asked, and what came of it. It goes from one thread to another.
 */
import type {
  FifoSettings,
  LeveledSettings,
  SimulatedWorkload,
  SimulationReport,
  SimulationSample,
  SimulationSettings,
  TieredSettings,
} from '@lsm/compaction'

/** A strategy by its name, with its settings. */
export type StrategySettings =
  | ({ readonly name: 'leveled' } & LeveledSettings)
  | ({ readonly name: 'tiered' } & TieredSettings)
  | ({ readonly name: 'fifo' } & FifoSettings)

/** What is asked. */
export interface SimulationRequest {
  readonly strategy: StrategySettings
  readonly workload: SimulatedWorkload
  readonly settings: SimulationSettings
}

/** A sample, and the jobs until then. */
export interface CountedSample extends SimulationSample {
  readonly jobs: number
}

/** What came of it, with what was asked. */
export interface SimulationResult extends SimulationRequest, Omit<SimulationReport, 'strategy' | 'samples'> {
  readonly samples: readonly CountedSample[]
}

/** Flushes of a workload until so many bytes of it are written. */
export function flushesUntil(userBytes: number, { phases, writeBufferBytes }: SimulatedWorkload): number {
  let flushes = 0
  let left = userBytes
  for (const { bytes } of phases) {
    flushes += Math.ceil(Math.max(0, Math.min(left, bytes)) / writeBufferBytes)
    left -= bytes
  }
  return flushes
}
