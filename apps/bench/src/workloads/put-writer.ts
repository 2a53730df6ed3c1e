/**
 * Writes single puts, so many at the same time, from buffers that are made once.
 *
 *     put put put … put ─ all resolved ─ lap ─ put put put … put ─ all resolved ─ lap ─ …
 */
import { ENTRY_BYTES, KEY_BYTES, VALUE_BYTES } from '../dataset.ts'
import type { Meter } from '../meter.ts'
import type { Scene } from './workload.ts'

/** Writes puts that are not awaited one by one. */
export class PutWriter {
  readonly #scene: Scene
  readonly #keys: Buffer[]
  readonly #values: Buffer[]
  readonly #puts: Promise<void>[] = []

  /** @param together - puts on their way at the same time. */
  constructor(scene: Scene, together: number) {
    this.#scene = scene
    this.#keys = Array.from({ length: together }, () => Buffer.alloc(KEY_BYTES))
    this.#values = Array.from({ length: together }, () => Buffer.alloc(VALUE_BYTES))
  }

  /** Does writes number `from` up to, not including, `to`, each to the key that `choose` names. */
  async write(from: number, to: number, choose: (write: number) => number, meter: Meter): Promise<void> {
    const together = this.#keys.length
    for (let first = from; first < to; first += together) {
      const count = Math.min(together, to - first)
      await this.writeAtOnce(first, count, choose)
      await meter.lap(count, count * ENTRY_BYTES)
    }
  }

  /** Does `count` writes at the same time, at most as many as there are buffers; the first has number `first`. */
  async writeAtOnce(first: number, count: number, choose: (write: number) => number): Promise<void> {
    const { dataset, driver } = this.#scene
    const puts = this.#puts
    puts.length = count
    for (let i = 0; i < count; i++) {
      const chosen = choose(first + i)
      const key = this.#keys[i]
      const value = this.#values[i]
      dataset.writeKey(chosen, key)
      dataset.writeValue(chosen, first + i, value)
      puts[i] = driver.put(key, value)
    }
    await Promise.all(puts)
  }
}
