/**
 * What a simulation asks of whatever stands for the contents of tables: expected numbers, or real keys.
 */
import { internalKey, TYPE_VALUE } from '@lsm/base'

import type { LevelInput, TableDescription } from './strategy.ts'
import type { SimulatedPhase } from './simulated-workload.ts'

/** Contents that are to become a table. */
export interface SimulatedContents {
  /** Its first key. */
  readonly low: number
  /** One past its last key. */
  readonly high: number
  readonly bytes: number
  readonly entries: number
  readonly deletions: number
}

/** A table of a simulation. */
export interface SimulatedTable<C extends SimulatedContents = SimulatedContents> extends TableDescription {
  readonly contents: C
}

/** What a merge leaves out, and where it cuts. */
export interface MergeBounds {
  readonly maxTableSize: number
  /** Outside tables that may hold something older. */
  readonly older: readonly LevelInput[]
}

/** Makes and merges contents. */
export interface ContentsModel<C extends SimulatedContents> {
  /** What the next operations leave in a write buffer; `undefined` if that is nothing. */
  flush(operations: number, phase: SimulatedPhase): C | undefined
  /** The outputs of a merge. Inputs come newest first. */
  merge(inputs: readonly C[], bounds: MergeBounds): C[]
  /** Bytes of the entries that a reader of everything would see. */
  liveBytes(): number
  /** One past the greatest key that was ever written. */
  extent(): number
}

/** Whether a table of others may hold keys from `low` to before `high`. */
export function covered(older: readonly LevelInput[], low: number, high: number): boolean {
  for (const { level, tables } of older as readonly { level: number; tables: readonly SimulatedTable[] }[]) {
    if (
      level === 0 ? tables.some(({ contents }) => contents.low < high && contents.high > low) : meets(tables, low, high)
    ) {
      return true
    }
  }
  return false
}

/** The index of the first table that ends after a key, in a level above 0. */
export function firstAfter(tables: readonly SimulatedTable[], key: number): number {
  let from = 0
  let to = tables.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if (tables[middle].contents.high > key) to = middle
    else from = middle + 1
  }
  return from
}

/** The internal key of a number. */
export function simulatedKey(key: number, sequence: number): Uint8Array {
  const user = new Uint8Array(8)
  let rest = key
  for (let at = 7; at > 0 && rest > 0; at--) {
    user[at] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return internalKey(user, sequence, TYPE_VALUE)
}

function meets(tables: readonly SimulatedTable[], low: number, high: number): boolean {
  const at = firstAfter(tables, low)
  return at < tables.length && tables[at].contents.low < high
}
