/**
 * The writes that are not in tables yet: one memtable that takes them, and frozen ones that wait to become tables.
 */
import { MemTable } from '@lsm/memtable'

/** A memtable that takes no more writes. */
export interface FrozenMemTable {
  readonly memtable: MemTable
  /** Sequence number of its last entry. */
  readonly lastSequence: number
  /** Logs below this number hold nothing that is not in it or in older ones. */
  readonly nextLogNumber: number
}

/** What was read from logs. */
export interface ReplayedMemTables {
  /** Oldest first. */
  readonly memtables: readonly MemTable[]
  /** Of each memtable, the number of the log that its first entry is from. */
  readonly beginnings: readonly number[]
  /** No entry has a greater sequence number. */
  readonly lastSequence: number
}

/** Nothing was read. */
export const NOTHING_REPLAYED: ReplayedMemTables = { memtables: [], beginnings: [], lastSequence: 0 }

/** The memtables of a database. */
export class MemTableList {
  /** Takes the writes. */
  active: MemTable
  /** Oldest first. */
  frozen: readonly FrozenMemTable[] = []

  constructor(active: MemTable) {
    this.active = active
  }

  /**
   * All that was replayed: the last memtable goes on taking writes, the others wait to become tables. Where nothing was
   * replayed the active one takes nothing, and the first write exchanges it: who only reads needs no 16 MiB.
   */
  static replayed({ memtables, beginnings, lastSequence }: ReplayedMemTables): MemTableList {
    const list = new MemTableList(memtables[0] ?? nothing())
    for (const [i, log] of beginnings.entries()) if (i > 0) list.rotate(memtables[i], lastSequence, log)
    return list
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

/** A memtable that has nothing and takes nothing. */
function nothing(): MemTable {
  const memtable = MemTable.create(0)
  memtable.freeze()
  return memtable
}
