/**
 * A batch put together call by call.
 */
import { LsmError } from '@lsm/base'

import type { EncodingOptions } from './encoding.ts'
import type { WriteOptions } from './options.ts'
import { WriteBatch } from './write-batch.ts'

/** What a chained batch asks of its database. */
export interface ChainedBatchTarget {
  key(key: unknown, options: EncodingOptions | undefined): string | Uint8Array
  value(value: unknown, options: EncodingOptions | undefined): string | Uint8Array
  write(batch: WriteBatch, options: WriteOptions): Promise<void>
}

/**
 * Operations that will be applied as one by {@link ChainedBatch.write}. Made by `db.batch()`.
 *
 * @example
 * ```ts
 * import { Database } from '@lsm/db'
 *
 * await using db = await Database.open('./batch-example')
 * await db.batch().put('a', '1').put('b', '2').del('a').write({ sync: true })
 * console.log(await db.get('b')) // 2
 * ```
 */
export class ChainedBatch<K, V> {
  readonly #target: ChainedBatchTarget
  readonly #batch = new WriteBatch()
  #written = false

  /** @internal */
  constructor(target: ChainedBatchTarget) {
    this.#target = target
  }

  /** Operations so far. */
  get length(): number {
    return this.#batch.count
  }

  /** Adds "this key has this value". */
  put(key: K, value: V, options?: EncodingOptions): this {
    this.#check()
    this.#batch.put(this.#target.key(key, options), this.#target.value(value, options))
    return this
  }

  /** Adds "this key is deleted". */
  del(key: K, options?: EncodingOptions): this {
    this.#check()
    this.#batch.del(this.#target.key(key, options))
    return this
  }

  /** Forgets all operations so far. */
  clear(): this {
    this.#check()
    this.#batch.clear()
    return this
  }

  /** Applies the operations; the batch cannot be used afterwards. */
  async write(options?: WriteOptions): Promise<void> {
    this.#check()
    this.#written = true
    await this.#target.write(this.#batch, options ?? {})
  }

  #check(): void {
    if (this.#written) throw new LsmError('LSM_CLOSED', 'the batch was written; start another one')
  }
}
