/**
 * From the options of `lsm simulate` to a simulation. Where nothing is said, the settings of strategies are those that a
 * database has when it is opened without options.
 */
import type { SimulatedKeys, SimulatedPhase, SimulatedWorkload, SimulationSettings } from '@lsm/compaction'

import type { Given } from './commands/command.ts'
import {
  choiceOption,
  countOption,
  flagOf,
  numberOption,
  sizeOption,
  STRATEGY_NAMES,
  type StrategyName,
} from './commands/options.ts'
import { UsageError } from './failure.ts'
import { flushesUntil, type SimulationRequest, type StrategySettings } from './simulation-request.ts'

const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB

/** Tables of the level below its own that an output of a compaction may overlap. */
const GRANDPARENTS = 10

/** Rows of a table that a person reads. */
const SAMPLES = 20

/** Entries that a simulation with real keys may write: each key takes memory. */
const MOST_EXACT = 10_000_000

/** Flushes that a simulation may have: for each a number is kept. */
const MOST_FLUSHES = 10_000_000

/** A hundred years. */
const MOST_SECONDS = 3_155_760_000

/** Which strategies an option is for. */
const ONLY_FOR: Readonly<Record<string, readonly StrategyName[]>> = {
  trigger: ['leveled', 'tiered'],
  baseLevel: ['leveled'],
  multiplier: ['leveled'],
  tableSize: ['leveled'],
  maxRuns: ['tiered'],
  sizeRatio: ['tiered'],
  maxSpace: ['tiered'],
  fifoMax: ['fifo'],
  maxAge: ['leveled', 'fifo'],
}

/**
 * What the options of `lsm simulate` ask for.
 *
 * @param strategy - if no option names one.
 */
export function simulationRequest(given: Given, strategy: StrategyName | undefined): SimulationRequest {
  const name = choiceOption(given, 'strategy', STRATEGY_NAMES) ?? strategy ?? 'leveled'
  for (const [option, strategies] of Object.entries(ONLY_FOR)) {
    if (given.text(option) === undefined || strategies.includes(name)) continue
    throw new UsageError(`${flagOf(option)} is for ${strategies.join(' and ')} compaction, not for ${name}`)
  }
  const workload = workloadOf(given)
  return { strategy: strategySettings(given, name), workload, settings: settingsOf(given, workload) }
}

function strategySettings(given: Given, name: StrategyName): StrategySettings {
  const maxAge = 1000 * (countOption(given, 'maxAge', 0, MOST_SECONDS) ?? 0)
  switch (name) {
    case 'leveled':
      return leveledSettings(given, maxAge)
    case 'tiered':
      return {
        name,
        minRuns: countOption(given, 'trigger', 2, 1000) ?? 4,
        maxRuns: countOption(given, 'maxRuns', 2, 100_000) ?? 20,
        sizeRatio: countOption(given, 'sizeRatio', 0, 1000) ?? 10,
        maxSpaceAmplification: countOption(given, 'maxSpace', 1, 10_000) ?? 100,
        maxTableSize: Number.MAX_SAFE_INTEGER,
      }
    case 'fifo':
      return { name, maxBytes: sizeOption(given, 'fifoMax', 1) ?? GiB, maxAge }
  }
}

function leveledSettings(given: Given, maxAge: number): StrategySettings {
  const maxTableSize = sizeOption(given, 'tableSize', KiB) ?? 8 * MiB
  return {
    name: 'leveled',
    level0Trigger: countOption(given, 'trigger', 1, 1000) ?? 4,
    baseLevelBytes: sizeOption(given, 'baseLevel', KiB) ?? 64 * MiB,
    levelMultiplier: countOption(given, 'multiplier', 2, 100) ?? 10,
    maxTableSize,
    maxGrandparentOverlap: GRANDPARENTS * maxTableSize,
    choice: 'least-overlap',
    tombstoneRatio: 0.3,
    maxAge,
  }
}

function workloadOf(given: Given): SimulatedWorkload {
  const keyBytes = sizeOption(given, 'keyBytes', 1) ?? 16
  const valueBytes = valueRange(given)
  const workload: SimulatedWorkload = {
    keys: keysOf(given),
    entryBytes: { least: keyBytes + valueBytes.least, most: keyBytes + valueBytes.most },
    deletionBytes: keyBytes,
    writeBufferBytes: sizeOption(given, 'writeBuffer', KiB) ?? 16 * MiB,
    phases: phasesOf(given),
    seed: countOption(given, 'seed', 0, 0xffff_ffff) ?? 1,
  }
  if (flushesUntil(Number.POSITIVE_INFINITY, workload) <= MOST_FLUSHES) return workload
  throw new UsageError('--size is too many times --write-buffer: raise the one or lower the other')
}

/** `100`, or `50-150` for anything between the two. */
function valueRange(given: Given): { readonly least: number; readonly most: number } {
  const text = given.text('valueBytes') ?? '100'
  const [, least, most = least] = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(text) ?? []
  if (least !== undefined && Number(least) <= Number(most)) return { least: Number(least), most: Number(most) }
  throw new UsageError('--value-bytes must be a whole number such as 100, or a range such as 50-150')
}

function keysOf(given: Given): SimulatedKeys {
  const kind = choiceOption(given, 'keys', ['uniform', 'sequential', 'zipf']) ?? 'uniform'
  const theta = numberOption(given, 'theta', 2)
  if (kind === 'zipf') return { kind, theta: theta ?? 0.99 }
  if (theta === undefined) return { kind }
  throw new UsageError('--theta is for --keys zipf')
}

function phasesOf(given: Given): SimulatedPhase[] {
  const load = sizeOption(given, 'load', 0) ?? 0
  const bytes = sizeOption(given, 'size', 1) ?? 100e9
  const updates = numberOption(given, 'updates', 1) ?? 0
  const deletes = numberOption(given, 'deletes', 1) ?? 0
  if (updates + deletes > 1) throw new UsageError('--updates and --deletes are parts of one: together at most 1')
  if (updates + deletes === 1 && load === 0) {
    throw new UsageError('nothing would be there to update or delete: write something first, with --load')
  }
  const phase = { bytes, updates, deletes }
  return load === 0 ? [phase] : [{ bytes: load, updates: 0, deletes: 0 }, phase]
}

function settingsOf(given: Given, workload: SimulatedWorkload): SimulationSettings {
  const bytesPerSecond = sizeOption(given, 'writeRate', 1)
  if (bytesPerSecond === undefined && given.text('maxAge') !== undefined) {
    throw new UsageError('--max-age needs --write-rate: without it no time passes')
  }
  const exact = given.flag('exact')
  const bytes = workload.phases.reduce((sum, phase) => sum + phase.bytes, 0)
  if (exact && bytes / Math.min(workload.entryBytes.least, workload.deletionBytes) > MOST_EXACT) {
    throw new UsageError(`--exact is for small workloads: ${MOST_EXACT.toLocaleString('en')} operations at most`)
  }
  const samples = countOption(given, 'samples', 1, 100_000) ?? SAMPLES
  return { exact, samples, ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }) }
}
