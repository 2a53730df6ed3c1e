/**
 * Writes batches of one size from buffers that are made once, so that making data costs the same, and little, for everybody.
 */
import { ENTRY_BYTES, KEY_BYTES, VALUE_BYTES } from '../dataset.ts'
import type { Meter } from '../meter.ts'
import type { Scene } from './workload.ts'

/** Writes puts in batches; one at a time. */
export class BatchWriter {
  readonly #scene: Scene
  readonly #operations: { readonly type: 'put'; readonly key: Buffer; readonly value: Buffer }[]

  constructor(scene: Scene) {
    this.#scene = scene
    this.#operations = Array.from({ length: scene.size.batch }, () => ({
      type: 'put',
      key: Buffer.alloc(KEY_BYTES),
      value: Buffer.alloc(VALUE_BYTES),
    }))
  }

  /** Does writes number `from` up to, not including, `to`, each to the key that `choose` names. A batch is a lap. */
  async write(from: number, to: number, choose: (write: number) => number, meter?: Meter): Promise<void> {
    const { dataset, driver, size } = this.#scene
    for (let first = from; first < to; first += size.batch) {
      const count = Math.min(size.batch, to - first)
      const operations = count === size.batch ? this.#operations : this.#operations.slice(0, count)
      for (let i = 0; i < count; i++) {
        const { key, value } = operations[i]
        const chosen = choose(first + i)
        dataset.writeKey(chosen, key)
        dataset.writeValue(chosen, first + i, value)
      }
      await driver.batch(operations)
      await meter?.lap(count, count * ENTRY_BYTES)
    }
  }
}
