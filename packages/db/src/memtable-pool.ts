/**
 * Memtables that are used again once their entries are in a table.
 *
 *     take → active → frozen → flushed → retire ─┬─ nobody reads it: free → take
 *                                                └─ pinned: free with its last pin
 *
 * 1. A memtable is reset only when it is retired and no pinned read state holds it. A read within one call needs no
 *    pin, and the job that flushed it has ended.
 * 2. Free ones are bounded; what is more, or of another size, is left to the garbage collector.
 */
import { MemTable } from '@lsm/memtable'

/** See the head of this file. */
export class MemTablePool {
  readonly #writeBufferSize: number
  readonly #most: number
  readonly #free: MemTable[] = []
  /** Pinned read states that hold a memtable. */
  readonly #pins = new Map<MemTable, number>()
  readonly #retired = new Set<MemTable>()

  /** @param writeBufferSize - bytes of a usual memtable. @param most - free ones to keep. */
  constructor(writeBufferSize: number, most: number) {
    this.#writeBufferSize = writeBufferSize
    this.#most = most
  }

  /** An empty memtable of the usual size, or a larger one that surely holds so many bytes and entries. */
  take(userBytes: number, count: number): MemTable {
    const least = MemTable.capacityFor(userBytes, count)
    const free = this.#free.at(-1)
    if (free === undefined || free.capacity < least) return MemTable.create(Math.max(this.#writeBufferSize, least))
    this.#free.pop()
    free.reset()
    return free
  }

  /** Holds memtables for a read. */
  pin(memtables: readonly MemTable[]): void {
    for (const memtable of memtables) this.#pins.set(memtable, (this.#pins.get(memtable) ?? 0) + 1)
  }

  /** Takes a pin back. */
  unpin(memtables: readonly MemTable[]): void {
    for (const memtable of memtables) {
      const left = (this.#pins.get(memtable) ?? 0) - 1
      if (left > 0) this.#pins.set(memtable, left)
      else this.#release(memtable)
    }
  }

  /** Takes a memtable back that no read state holds from now on, but those that are pinned. */
  retire(memtable: MemTable): void {
    if (this.#pins.has(memtable)) this.#retired.add(memtable)
    else this.#keep(memtable)
  }

  #release(memtable: MemTable): void {
    this.#pins.delete(memtable)
    if (this.#retired.delete(memtable)) this.#keep(memtable)
  }

  #keep(memtable: MemTable): void {
    const isUsual = memtable.capacity < 2 * this.#writeBufferSize
    if (isUsual && memtable.capacity >= this.#writeBufferSize && this.#free.length < this.#most)
      this.#free.push(memtable)
  }
}
