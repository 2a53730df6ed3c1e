/**
 * Who still reads the past: the sequence numbers that open snapshots and iterators read as of.
 *
 * Does not know what is kept for their sake; retention asks for the oldest.
 */

/** Counts the readers of each sequence number. */
export class SnapshotList {
  /**
   * Sequence number → open readers. In ascending order: a number is new when it is the newest, and an old one is only
   * added while a snapshot of it is open.
   */
  readonly #readers = new Map<number, number>()

  /** How many readers are open. */
  get size(): number {
    let size = 0
    for (const count of this.#readers.values()) size += count
    return size
  }

  /** Notes a reader as of the newest sequence number. */
  add(sequence: number): void {
    this.#readers.set(sequence, (this.#readers.get(sequence) ?? 0) + 1)
  }

  /** Forgets one reader. */
  remove(sequence: number): void {
    const count = this.#readers.get(sequence) ?? 0
    if (count > 1) this.#readers.set(sequence, count - 1)
    else this.#readers.delete(sequence)
  }

  /** The sequence numbers that somebody reads as of, ascending, and `newest` as the last. */
  readers(newest: number): number[] {
    return [...[...this.#readers.keys()].filter(sequence => sequence < newest), newest]
  }

  /** The oldest sequence number that anybody reads as of; `newest` if nobody reads the past. */
  oldest(newest: number): number {
    for (const sequence of this.#readers.keys()) return Math.min(sequence, newest)
    return newest
  }
}
