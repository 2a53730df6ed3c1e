/**
 * The writes that are not in tables yet: one memtable that takes them, and frozen ones that wait to become tables.
 */
import type { MemTable } from '@lsm/memtable'

/** A memtable that takes no more writes. */
export interface FrozenMemTable {
  readonly memtable: MemTable
  /** Sequence number of its last entry. */
  readonly lastSequence: number
  /** Logs below this number hold nothing that is not in it or in older ones. */
  readonly nextLogNumber: number
}

/** The memtables of a database. */
export class MemTableList {
  /** Takes the writes. */
  active: MemTable
  /** Oldest first. */
  frozen: readonly FrozenMemTable[] = []

  constructor(active: MemTable) {
    this.active = active
  }

  /** Freezes the active memtable, unless it is empty, and puts another one in its place. */
  rotate(next: MemTable, lastSequence: number, nextLogNumber: number): void {
    const full = this.active
    this.active = next
    if (full.entries === 0) return
    full.freeze()
    this.frozen = [...this.frozen, { memtable: full, lastSequence, nextLogNumber }]
  }

  /** Forgets a frozen memtable whose entries are in a table now. */
  retire(frozen: FrozenMemTable): void {
    this.frozen = this.frozen.filter(other => other !== frozen)
  }

  /** All of them, newest first. */
  newestFirst(): MemTable[] {
    return [this.active, ...this.frozen.toReversed().map(({ memtable }) => memtable)]
  }
}
