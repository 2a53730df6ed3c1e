/**
 * The hashes of a filter in the making: a list of 32-bit numbers that grows.
 *
 * The size of a filter follows from the number of its keys, hence they are all collected before the first bit is
 * set. Four bytes each, whatever the length of the keys.
 */

/** A growing list of 32-bit unsigned numbers. */
export class HashList {
  /** The storage; replaced when it grows. */
  values: Uint32Array = new Uint32Array(256)
  /** How many of `values` are in use. */
  length = 0

  /** Appends a hash. */
  push(hash: number): void {
    if (this.length === this.values.length) this.#grow()
    this.values[this.length++] = hash
  }

  /** Forgets the contents and keeps the storage. */
  clear(): void {
    this.length = 0
  }

  #grow(): void {
    const grown = new Uint32Array(this.values.length * 2)
    grown.set(this.values)
    this.values = grown
  }
}
