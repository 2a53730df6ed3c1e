/**
 * A plan is carried out: tables are rewritten, moved or dropped, and the MANIFEST says so.
 *
 * 1. What a plan touches is busy until it is done, so that no other plan touches it.
 * 2. Outputs are installed by one edit, together with the removal of the inputs: a reader sees either.
 * 3. What fails is not installed; what it wrote is removed by the job. A failed edit is no failed job: it is not known
 *    whether it is in the MANIFEST, so its tables stay, and the version set takes no more.
 *
 * Owns the busy tables and the counters of compaction. Does not decide what is done, or when, or how often it is tried.
 */
import type {
  CompactionJob,
  JobProgress,
  JobRunner,
  Plan,
  RewritePlan,
  TableDescription,
  TableSettings,
  TreeDescription,
} from '@lsm/compaction'
import { outputOf } from '@lsm/compaction/starting'
import { VersionEdit, type VersionSet } from '@lsm/manifest'

import type { DatabaseEvents } from './events.ts'
import type { ObsoleteFiles } from './obsolete-files.ts'
import type { SnapshotList } from './snapshot-list.ts'
import type { TableFacts } from './table-facts.ts'

/** What compactions use. */
export interface CompactionParts {
  readonly versions: VersionSet
  readonly snapshots: SnapshotList
  readonly facts: TableFacts
  readonly obsolete: ObsoleteFiles
  readonly runner: JobRunner
  readonly events: DatabaseEvents
  readonly table: TableSettings
  readonly maxGrandparentOverlap: number
  readonly verifyChecksums: boolean
  readonly maxBlockSize: number
  readonly verifyOutput: boolean
  /** The number of the newest write. */
  readonly newest: () => number
  /** Called when the tables have changed. */
  readonly onChange: () => void
  /** Whether iterators have merged level 0 so often that it would have been cheaper to merge it away. */
  readonly isReadHeavy: () => boolean
}

/** What compaction has done on one level. */
export interface LevelTraffic {
  /** Bytes read from the level. */
  read: number
  /** Bytes written to it. */
  written: number
}

/** What carrying a plan out came to. */
export interface PlanResult {
  /** Numbers of the tables that were written, or moved. */
  readonly outputs: readonly number[]
  readonly bytesRead: number
  readonly bytesWritten: number
}

/** More file numbers than outputs are likely; gaps are harmless. */
const SPARE_NUMBERS = 8

/** Carries plans out. */
export class Compactions {
  /** Plans that are being carried out. */
  readonly running: Set<Plan> = new Set()
  /** Bytes read and written, by level. */
  readonly traffic: LevelTraffic[] = Array.from({ length: 7 }, () => ({ read: 0, written: 0 }))
  /** Plans that were carried out. */
  done = 0
  readonly #parts: CompactionParts
  readonly #busy = new Set<number>()

  constructor(parts: CompactionParts) {
    this.#parts = parts
  }

  /** The tree as it is now, for a strategy. */
  tree(): TreeDescription {
    const { versions, facts, snapshots, newest, isReadHeavy } = this.#parts
    return {
      levels: facts.describe(versions.current),
      levelBytes: versions.current.levels.map((_, level) => versions.current.levelBytes(level)),
      outputs: [...this.running].map(outputOf).filter(output => output !== undefined),
      busy: this.#busy,
      now: Date.now(),
      pointers: versions.compactPointers,
      oldestReader: snapshots.oldest(newest()),
      isReadHeavy: isReadHeavy(),
    }
  }

  /** Whether a running plan touches tables that may hold user keys of a range. */
  isBusyIn(begin: Uint8Array | undefined, end: Uint8Array | undefined): boolean {
    return this.#tablesIn(begin, end).some(({ number }) => this.#busy.has(number))
  }

  /** Bytes of the tables that may hold user keys of a range. */
  rangeBytes(begin: Uint8Array | undefined, end: Uint8Array | undefined): number {
    return this.#tablesIn(begin, end).reduce((sum, { size }) => sum + size, 0)
  }

  /** Carries a plan out. */
  async run(plan: Plan, signal: AbortSignal, onProgress?: (progress: JobProgress) => void): Promise<PlanResult> {
    const { obsolete, events } = this.#parts
    const inputs = inputsOf(plan).map(({ number }) => number)
    const start = performance.now()
    const told = {
      kind: plan.kind,
      reason: plan.reason,
      inputs,
      outputLevel: plan.kind === 'drop' ? -1 : plan.outputLevel,
    }
    for (const number of inputs) this.#busy.add(number)
    this.running.add(plan)
    events.emit('compaction', { ...told, phase: 'start', outputs: [], bytesRead: 0, bytesWritten: 0, milliseconds: 0 })
    try {
      const result = await this.#carryOut(plan, signal, onProgress)
      this.done++
      events.emit('compaction', { ...told, phase: 'end', ...result, milliseconds: performance.now() - start })
      return result
    } finally {
      this.running.delete(plan)
      for (const number of inputs) this.#busy.delete(number)
      await obsolete.remove()
    }
  }

  async #carryOut(
    plan: Plan,
    signal: AbortSignal,
    onProgress: ((progress: JobProgress) => void) | undefined,
  ): Promise<PlanResult> {
    if (plan.kind === 'rewrite') return this.#rewrite(plan, signal, onProgress)
    const edit = new VersionEdit()
    if (plan.kind === 'move') {
      const { number, size, smallest, largest } = plan.table
      edit.removed.push({ level: plan.level, number })
      edit.added.push({ level: plan.outputLevel, file: { number, size, smallest, largest } })
      edit.compactPointers.push({ level: plan.level, key: largest })
    } else removeInputs(edit, plan.inputs)
    await this.#install(edit)
    return { outputs: plan.kind === 'move' ? [plan.table.number] : [], bytesRead: 0, bytesWritten: 0 }
  }

  async #rewrite(
    plan: RewritePlan,
    signal: AbortSignal,
    onProgress: ((progress: JobProgress) => void) | undefined,
  ): Promise<PlanResult> {
    const { runner, obsolete, facts } = this.#parts
    const job = this.#job(plan)
    for (const number of job.fileNumbers) obsolete.protect(number)
    try {
      const result = await runner.run(job, { signal, onProgress })
      const edit = new VersionEdit()
      removeInputs(edit, plan.inputs)
      for (const table of result.files) {
        const { number, size, smallest, largest } = table
        edit.added.push({ level: plan.outputLevel, file: { number, size, smallest, largest } })
        facts.note(table)
      }
      await this.#install(edit)
      for (const { level, tables } of plan.inputs) {
        this.traffic[level].read += tables.reduce((sum, { size }) => sum + size, 0)
      }
      this.traffic[plan.outputLevel].written += result.bytesWritten
      const outputs = result.files.map(({ number }) => number)
      return { outputs, bytesRead: result.bytesRead, bytesWritten: result.bytesWritten }
    } finally {
      for (const number of job.fileNumbers) obsolete.unprotect(number)
    }
  }

  #tablesIn(begin: Uint8Array | undefined, end: Uint8Array | undefined): readonly { number: number; size: number }[] {
    const version = this.#parts.versions.current
    return version.levels.flatMap((_, level) => version.overlapping(level, begin, end))
  }

  #job(plan: RewritePlan): CompactionJob {
    const { versions, snapshots, facts, table, newest } = this.#parts
    const { maxGrandparentOverlap, verifyChecksums, maxBlockSize, verifyOutput } = this.#parts
    const tables = inputsOf(plan)
    const bytes = tables.reduce((sum, { size }) => sum + size, 0)
    const outputs = Math.ceil(bytes / plan.maxTableSize) + plan.grandparents.length + SPARE_NUMBERS
    return {
      kind: 'compaction',
      inputs: plan.inputs,
      outputLevel: plan.outputLevel,
      older: plan.older,
      grandparents: plan.grandparents,
      maxTableSize: plan.maxTableSize,
      maxGrandparentOverlap,
      fileNumbers: Array.from({ length: outputs }, () => versions.newFileNumber()),
      readers: snapshots.readers(newest()),
      createdAt: facts.oldest(tables, Date.now()),
      table,
      verifyChecksums,
      maxBlockSize,
      verifyOutput,
    }
  }

  async #install(edit: VersionEdit): Promise<void> {
    await this.#parts.versions.apply(edit)
    this.#parts.onChange()
  }
}

/** The tables that a plan touches. */
function inputsOf(plan: Plan): readonly TableDescription[] {
  return plan.kind === 'move' ? [plan.table] : plan.inputs.flatMap(({ tables }) => tables)
}

/** Removes the inputs, and notes where the level that they come from is to go on. */
function removeInputs(
  edit: VersionEdit,
  inputs: readonly { level: number; tables: readonly TableDescription[] }[],
): void {
  for (const { level, tables } of inputs) {
    for (const { number } of tables) edit.removed.push({ level, number })
  }
  const [source] = inputs
  const last = source?.tables.at(-1)
  if (source !== undefined && source.level > 0 && last !== undefined) {
    edit.compactPointers.push({ level: source.level, key: last.largest })
  }
}
