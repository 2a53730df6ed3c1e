/**
 * The tree of a simulation: levels that change in place, with sums that are kept up to date.
 *
 * In place, because a level of 40,000 tables that was copied for every job would cost more than the planning.
 */
import type { LevelInput, Plan, TreeDescription } from './strategy.ts'
import { LEVELS } from './level-targets.ts'
import { firstAfter, simulatedKey, type SimulatedContents, type SimulatedTable } from './simulated-table.ts'

const NONE: ReadonlySet<number> = new Set()

/** Levels of tables. */
export class SimulatedTree<C extends SimulatedContents> implements TreeDescription {
  readonly levels: SimulatedTable<C>[][] = Array.from({ length: LEVELS }, () => [])
  readonly levelBytes: number[] = Array.from({ length: LEVELS }, () => 0)
  readonly busy: ReadonlySet<number> = NONE
  readonly pointers: (Uint8Array | undefined)[] = Array.from({ length: LEVELS })
  now = 1
  oldestReader = 0
  /** Keys that the tables of each level enclose, in sum. */
  readonly enclosed: number[] = Array.from({ length: LEVELS }, () => 0)
  #nextNumber = 1

  /** Makes a table under the next number. */
  table(contents: C, createdAt: number): SimulatedTable<C> {
    const { low, high, bytes, entries, deletions } = contents
    return {
      number: this.#nextNumber++,
      size: bytes,
      smallest: simulatedKey(low, this.oldestReader),
      largest: simulatedKey(high - 1, this.oldestReader),
      entries,
      deletions,
      largestSequence: this.oldestReader,
      createdAt,
      writtenAt: this.now,
      contents,
    }
  }

  /** Puts a flushed table into level 0. */
  add(table: SimulatedTable<C>): void {
    this.levels[0].unshift(table)
    this.#count(0, [table], 1)
  }

  /** Puts the outputs of a plan into the place of its inputs. */
  apply(plan: Plan, outputs: readonly SimulatedTable<C>[]): void {
    const inputs = inputsOf(plan)
    const level = plan.kind === 'drop' ? -1 : plan.outputLevel
    for (const input of inputs) {
      const tables = input.tables as readonly SimulatedTable<C>[]
      this.#replace(input.level, tables, input.level === level ? outputs : [])
    }
    const [{ level: source, tables }] = inputs
    this.pointers[source] = tables[tables.length - 1].largest
    if (level >= 0 && !inputs.some(input => input.level === level)) this.#replace(level, [], outputs)
  }

  #replace(level: number, gone: readonly SimulatedTable<C>[], come: readonly SimulatedTable<C>[]): void {
    const tables = this.levels[level]
    this.#count(level, gone, -1)
    this.#count(level, come, 1)
    if (gone.length + come.length === 0) return
    if (level === 0) {
      const numbers = new Set(gone.map(({ number }) => number))
      this.levels[0] = [...tables.filter(({ number }) => !numbers.has(number)), ...come]
      this.levels[0].sort((a, b) => b.number - a.number)
      return
    }
    const first = firstAfter(tables, (gone[0] ?? come[0]).contents.low)
    if (gone.every((table, at) => tables[first + at] === table)) {
      tables.splice(first, gone.length, ...come)
      return
    }
    const left = new Set(gone)
    this.levels[level] = [...tables.filter(table => !left.has(table)), ...come]
    this.levels[level].sort((a, b) => a.contents.low - b.contents.low)
  }

  #count(level: number, tables: readonly SimulatedTable<C>[], sign: number): void {
    for (const { size, contents } of tables) {
      this.levelBytes[level] += sign * size
      this.enclosed[level] += sign * (contents.high - contents.low)
    }
    // A sum that rounding left beside zero would be a level with data in it.
    if (sign < 0 && this.levels[level].length === tables.length) this.levelBytes[level] = this.enclosed[level] = 0
  }
}

/** The tables of a plan by level. */
export function inputsOf(plan: Plan): readonly LevelInput[] {
  return plan.kind === 'move' ? [{ level: plan.level, tables: [plan.table] }] : plan.inputs
}
