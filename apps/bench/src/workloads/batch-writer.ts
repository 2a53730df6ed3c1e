/**
 * Writes batches of one size from buffers that are made once, so that making data costs the same, and little, for everybody.
 */
import { KEY_BYTES } from '../dataset.ts'
import type { Meter } from '../meter.ts'
import type { Scene } from './workload.ts'

/** Writes puts in batches; one at a time. */
export class BatchWriter {
  readonly #scene: Scene
  readonly #batch: number
  readonly #operations: { readonly type: 'put'; readonly key: Buffer; readonly value: Buffer }[]

  constructor(scene: Scene, batch: number = scene.size.batch) {
    this.#scene = scene
    this.#batch = batch
    this.#operations = Array.from({ length: batch }, () => ({
      type: 'put',
      key: Buffer.alloc(KEY_BYTES),
      value: Buffer.alloc(scene.dataset.valueBytes),
    }))
  }

  /** Does writes number `from` up to, not including, `to`, each to the key that `choose` names. A batch is a lap. */
  async write(from: number, to: number, choose: (write: number) => number, meter?: Meter): Promise<void> {
    const { dataset, driver } = this.#scene
    for (let first = from; first < to; first += this.#batch) {
      const count = Math.min(this.#batch, to - first)
      const operations = count === this.#batch ? this.#operations : this.#operations.slice(0, count)
      for (let i = 0; i < count; i++) {
        const { key, value } = operations[i]
        const chosen = choose(first + i)
        dataset.writeKey(chosen, key)
        dataset.writeValue(chosen, first + i, value)
      }
      await driver.batch(operations)
      await meter?.lap(count, count * dataset.entryBytes)
    }
  }
}
