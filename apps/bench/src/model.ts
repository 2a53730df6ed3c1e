/**
 * What must be in the database after a workload: for each key the number of its last write. Nobody wins by losing data.
 *
 * Built after the measurement by replaying the choices, so that it costs neither memory nor time while anything is measured.
 */
import { KEY_BYTES, type Dataset } from './dataset.ts'
import type { Driver } from './drivers/driver.ts'
import { Random } from './random.ts'

/** The contents of the database are not what was written. */
export class VerificationError extends Error {
  override readonly name = 'VerificationError'
}

/** No write: the key must be absent. */
const ABSENT = 0xffff_ffff

/** The last write of each key. */
export class Model {
  readonly #dataset: Dataset
  readonly #last: Uint32Array
  /** Keys that were written more than once at the same time: any of these writes may have been the last. */
  readonly #rivals = new Map<number, number[]>()
  readonly #expected: Buffer

  constructor(dataset: Dataset, keys: number) {
    this.#dataset = dataset
    this.#expected = Buffer.alloc(dataset.valueBytes)
    this.#last = new Uint32Array(keys).fill(ABSENT)
  }

  /** Notes that write number `write` went to a key, while those from number `since` on were not yet resolved. */
  note(key: number, write: number, since: number = write): void {
    const before = this.#last[key]
    if (before === ABSENT || before < since) this.#rivals.delete(key)
    else this.#rivals.set(key, [...(this.#rivals.get(key) ?? []), before])
    this.#last[key] = write
  }

  /** Notes that a key was deleted, and that no put of it was still on its way. */
  noteDelete(key: number): void {
    this.#rivals.delete(key)
    this.#last[key] = ABSENT
  }

  /** Keys that must be there. */
  get live(): number {
    return this.#last.reduce((sum, write) => sum + (write === ABSENT ? 0 : 1), 0)
  }

  /** Compares everything by a scan, and `samples` keys by look-ups; throws `VerificationError` at the first difference. */
  async verify(driver: Driver, samples: number, seed: number): Promise<void> {
    await this.#verifyScan(driver)
    const random = new Random(seed)
    for (let i = 0; i < samples; i++) await this.#verifyGet(driver, random.below(this.#last.length))
    await this.#verifyGet(driver, this.#last.length)
  }

  async #verifyScan(driver: Driver): Promise<void> {
    const expectedKey = Buffer.alloc(KEY_BYTES)
    let next = this.#presentFrom(0)
    await driver.scan({}, (key, value) => {
      if (next === this.#last.length) throw new VerificationError(`a scan gives ${text(key)} after the last key`)
      this.#dataset.writeKey(next, expectedKey)
      if (!expectedKey.equals(key)) throw new VerificationError(`a scan gives ${text(key)}, not ${text(expectedKey)}`)
      if (!this.#isValueOf(next, value)) throw new VerificationError(`a scan gives a wrong value for ${text(key)}`)
      next = this.#presentFrom(next + 1)
    })
    if (next !== this.#last.length) throw new VerificationError(`a scan ends before key ${next}`)
  }

  async #verifyGet(driver: Driver, number: number): Promise<void> {
    const key = Buffer.alloc(KEY_BYTES)
    this.#dataset.writeKey(number, key)
    const found = await driver.get(key)
    const write = number < this.#last.length ? this.#last[number] : ABSENT
    if (write === ABSENT) {
      if (found !== undefined) throw new VerificationError(`${text(key)} is there and must not be`)
      return
    }
    if (found === undefined || !this.#isValueOf(number, found))
      throw new VerificationError(`a get of ${text(key)} is wrong`)
  }

  #isValueOf(key: number, value: Uint8Array): boolean {
    if (this.#isWrite(key, this.#last[key], value)) return true
    return this.#rivals.get(key)?.some(write => this.#isWrite(key, write, value)) ?? false
  }

  #isWrite(key: number, write: number, value: Uint8Array): boolean {
    this.#dataset.writeValue(key, write, this.#expected)
    return this.#expected.equals(value)
  }

  #presentFrom(key: number): number {
    while (key < this.#last.length && this.#last[key] === ABSENT) key++
    return key
  }
}

function text(key: Uint8Array): string {
  return Buffer.from(key).toString('latin1')
}
