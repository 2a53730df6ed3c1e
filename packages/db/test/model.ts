/**
 * The database as it should be: a map, sorted when asked.
 */
import type { RangeOptions } from '@lsm/db'

/** A map from text to text with the database's operations. */
export class Model {
  readonly #entries: Map<string, string>

  constructor(entries: Iterable<readonly [string, string]> = []) {
    this.#entries = new Map(entries)
  }

  put(key: string, value: string): void {
    this.#entries.set(key, value)
  }

  del(key: string): void {
    this.#entries.delete(key)
  }

  get(key: string): string | undefined {
    return this.#entries.get(key)
  }

  copy(): Model {
    return new Model(this.#entries)
  }

  /** Entries of a range, in the order of their bytes, or in reverse. */
  entries(range: RangeOptions<string> & { reverse?: boolean; limit?: number } = {}): [string, string][] {
    const inside = [...this.#entries].filter(
      ([key]) =>
        (range.gt === undefined
          ? range.gte === undefined || compare(key, range.gte) >= 0
          : compare(key, range.gt) > 0) &&
        (range.lt === undefined ? range.lte === undefined || compare(key, range.lte) <= 0 : compare(key, range.lt) < 0),
    )
    const sorted = inside.sort(([a], [b]) => compare(a, b) * (range.reverse ? -1 : 1))
    return sorted.slice(0, range.limit)
  }
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
