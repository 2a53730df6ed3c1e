/**
 * What would a strategy make of a workload? The strategy plans as it would for a database, on a tree whose tables are
 * described and not there.
 *
 *     write buffer -> table of level 0 -> plan, apply, plan, apply ... until nothing is wanted -> next write buffer
 *
 * So compaction always keeps up: what is found is the work that the strategy makes, not the speed of a machine. Nobody
 * holds a snapshot. Bytes are those of keys and values; blocks, filters, compression and the log are not counted.
 */
import { LsmError } from '@lsm/base'

import { ExactModel } from './exact-contents.ts'
import { ExpectedModel } from './expected-contents.ts'
import { inputsOf, SimulatedTree } from './simulated-tree.ts'
import type { ContentsModel, SimulatedContents, SimulatedTable } from './simulated-table.ts'
import { checkWorkload, meanOperationBytes, type SimulatedPhase, type SimulatedWorkload } from './simulated-workload.ts'
import type { Plan, Strategy } from './strategy.ts'

/** How a simulation is made. */
export interface SimulationSettings {
  /** Merge real keys rather than expected numbers: for small workloads. */
  readonly exact?: boolean
  /** Samples over the whole time; 50 if not given. */
  readonly samples?: number
  /** How fast the user writes: only the ages of tables depend on it. Without it, no time passes. */
  readonly bytesPerSecond?: number
}

/** The tree at one moment. */
export interface SimulationSample {
  /** Bytes that the user has written so far. */
  readonly userBytes: number
  /** Bytes written into tables, for each of them. */
  readonly writeAmplification: number
  /** Tables whose range encloses a key, on average: what a point read would open if there were no filters. */
  readonly readAmplification: number
  /** Bytes of all tables for each byte that a reader of everything would see. */
  readonly spaceAmplification: number
  /** Bytes of each level. */
  readonly levelBytes: readonly number[]
  /** Tables of each level. */
  readonly levelTables: readonly number[]
}

/** What came of it. */
export interface SimulationReport {
  /** Name of the strategy. */
  readonly strategy: string
  /** In the order of time, the last one at the end. */
  readonly samples: readonly SimulationSample[]
  /** Bytes of the tables that write buffers became. */
  readonly flushedBytes: number
  /** Bytes that rewrites wrote. */
  readonly compactedBytes: number
  /** Number of jobs by what asked for them; figures other than levels are left out of the reasons. */
  readonly jobs: Readonly<Record<string, number>>
}

/** Plans between two flushes: more means that the strategy goes round in circles. */
const MOST_PLANS = 1_000_000
const DEFAULT_SAMPLES = 50

/**
 * Runs a workload through a strategy.
 *
 * @throws LsmError `LSM_LIMIT` if the strategy never stops planning.
 */
export function simulate(
  strategy: Strategy,
  workload: SimulatedWorkload,
  settings: SimulationSettings = {},
): SimulationReport {
  checkWorkload(workload)
  return settings.exact === true
    ? new Simulation(strategy, new ExactModel(workload), settings).run(workload)
    : new Simulation(strategy, new ExpectedModel(workload), settings).run(workload)
}

class Simulation<C extends SimulatedContents> {
  readonly #strategy: Strategy
  readonly #model: ContentsModel<C>
  readonly #settings: SimulationSettings
  readonly #tree = new SimulatedTree<C>()
  readonly #samples: SimulationSample[] = []
  readonly #jobs = new Map<string, number>()
  #userBytes = 0
  #flushedBytes = 0
  #compactedBytes = 0

  constructor(strategy: Strategy, model: ContentsModel<C>, settings: SimulationSettings) {
    this.#strategy = strategy
    this.#model = model
    this.#settings = settings
  }

  run(workload: SimulatedWorkload): SimulationReport {
    const total = workload.phases.reduce((bytes, phase) => bytes + phase.bytes, 0)
    const samples = this.#settings.samples ?? DEFAULT_SAMPLES
    for (const phase of workload.phases) {
      for (let left = phase.bytes; left > 0; left -= workload.writeBufferBytes) {
        const bytes = Math.min(left, workload.writeBufferBytes)
        this.#write(bytes, bytes / meanOperationBytes(workload, phase), phase)
        if (this.#userBytes >= ((this.#samples.length + 1) / samples) * total * (1 - 1e-9)) this.#sample()
      }
    }
    return {
      strategy: this.#strategy.name,
      samples: this.#samples,
      flushedBytes: this.#flushedBytes,
      compactedBytes: this.#compactedBytes,
      jobs: Object.fromEntries([...this.#jobs].sort(([, a], [, b]) => b - a)),
    }
  }

  #write(bytes: number, operations: number, phase: SimulatedPhase): void {
    const tree = this.#tree
    const { bytesPerSecond } = this.#settings
    this.#userBytes += bytes
    tree.oldestReader += Math.ceil(operations)
    if (bytesPerSecond !== undefined) tree.now += (bytes / bytesPerSecond) * 1000
    const contents = this.#model.flush(operations, phase)
    if (contents !== undefined) {
      tree.add(tree.table(contents, tree.now))
      this.#flushedBytes += contents.bytes
    }
    this.#compact()
  }

  #compact(): void {
    for (let plans = 0; ; plans++) {
      const plan = this.#strategy.plan(this.#tree)
      if (plan === undefined) return
      if (plans === MOST_PLANS) {
        throw new LsmError('LSM_LIMIT', `the strategy '${this.#strategy.name}' does not come to an end: ${plan.reason}`)
      }
      const reason = withoutFigures(plan.reason)
      this.#jobs.set(reason, (this.#jobs.get(reason) ?? 0) + 1)
      this.#tree.apply(plan, this.#outputs(plan))
    }
  }

  #outputs(plan: Plan): readonly SimulatedTable<C>[] {
    if (plan.kind === 'drop') return []
    if (plan.kind === 'move') return [plan.table as SimulatedTable<C>]
    const tables = inputsOf(plan).flatMap(input => input.tables) as SimulatedTable<C>[]
    const merged = this.#model.merge(
      tables.map(({ contents }) => contents),
      plan,
    )
    const createdAt = Math.min(...tables.map(table => table.createdAt ?? 0))
    return merged.map(contents => {
      this.#compactedBytes += contents.bytes
      return this.#tree.table(contents, createdAt)
    })
  }

  #sample(): void {
    const { levelBytes, levels, enclosed } = this.#tree
    const extent = this.#model.extent()
    const stored = levelBytes.reduce((sum, bytes) => sum + bytes, 0)
    this.#samples.push({
      userBytes: this.#userBytes,
      writeAmplification: (this.#flushedBytes + this.#compactedBytes) / this.#userBytes,
      readAmplification: enclosed.reduce((sum, keys) => sum + keys / extent, 0),
      spaceAmplification: stored / Math.max(1, this.#model.liveBytes()),
      levelBytes: [...levelBytes],
      levelTables: levels.map(tables => tables.length),
    })
  }
}

/** The kind of a reason: `level 5 holds 12 MiB of 10 MiB` is `level 5 holds … of …`. */
function withoutFigures(reason: string): string {
  return reason.replaceAll(/(?<!level )#?\b\d[\d.]*(?: (?:bytes|[KMGTP]iB|%))?/g, '…')
}
