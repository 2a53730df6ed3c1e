/**
 * Walks the entries of a block that nobody has looked at yet, and checks everything on the way.
 *
 * Whatever has passed here once is read without a check by those who are in a hurry (`block-iterator`). It costs
 * about 20 ns an entry, where the checksum and decompression of the same block cost some 200.
 *
 * 1. Lengths are compared with what is there before they are used.
 * 2. Restart points are exactly those entries that the restart array names, in order, with nothing shared.
 * 3. Internal keys are at least a tag long and strictly ascend.
 * 4. It takes time and memory in proportion to the block.
 */
import { ByteBuffer, corruption, getFixed32, TAG_SIZE } from '@lsm/base'

/** Walks a block from front to back. */
export class BlockWalker {
  /** The current key. */
  readonly key: ByteBuffer = new ByteBuffer()
  /** Where in the block the current value lies. */
  valueStart = 0
  valueEnd = 0
  readonly #block: Uint8Array
  readonly #internalKeys: boolean
  readonly #file: string
  readonly #offset: number
  /** One past the last entry; the restart array begins here. */
  readonly #end: number
  readonly #restarts: number
  #restartsMet = 0
  #at = 0
  #shared = 0
  #unshared = 0

  /**
   * @param internalKeys - whether keys end in tags, and ascend; else they are any byte strings.
   * @param offset - the file offset of the block, for error messages.
   */
  constructor(block: Uint8Array, internalKeys: boolean, file: string, offset: number) {
    this.#block = block
    this.#internalKeys = internalKeys
    this.#file = file
    this.#offset = offset
    if (block.length < 4) throw this.#error('too short')
    this.#restarts = getFixed32(block, block.length - 4)
    if (this.#restarts > block.length / 4 - 1) throw this.#error('more restart points than it has room for')
    this.#end = block.length - 4 - 4 * this.#restarts
    this.#checkFirstRestart()
  }

  /** To the next entry, or to the first. False after the last one. */
  next(): boolean {
    if (this.#at === this.#end) return this.#finish()
    const keyAt = this.#readHeader()
    this.#checkRestart()
    if (this.#shared > this.key.length) throw this.#error('a key shares more than the last one has')
    if (this.#internalKeys) this.#checkKey(keyAt)
    this.key.length = this.#shared
    this.key.append(this.#block, keyAt, this.valueStart)
    this.#at = this.valueEnd
    return true
  }

  /** A block without entries has one restart point; iq80's Java port writes none, and then nothing else either. */
  #checkFirstRestart(): void {
    if (this.#restarts === 0 && this.#end > 0) throw this.#error('entries without a restart point')
    if (this.#restarts > 0 && this.#restart(0) !== 0) throw this.#error('first restart point is not at its beginning')
    if (this.#restarts > 1 && this.#end === 0) throw this.#error('several restart points, but no entry')
  }

  #restart(n: number): number {
    return getFixed32(this.#block, this.#end + 4 * n)
  }

  /** Reads the lengths at `#at` and sets where the value is; returns where the unshared key bytes are. */
  #readHeader(): number {
    const block = this.#block
    let at = this.#at
    const shared = block[at]
    const unshared = block[at + 1]
    const valueLength = block[at + 2]
    if (at + 3 <= this.#end && (shared | unshared | valueLength) < 128) {
      this.#shared = shared
      this.#unshared = unshared
      this.valueStart = at + 3 + unshared
      this.valueEnd = this.valueStart + valueLength
    } else {
      this.valueStart = at
      this.#shared = this.#varint()
      this.#unshared = this.#varint()
      this.valueEnd = this.#varint()
      this.valueStart += this.#unshared
      this.valueEnd += this.valueStart
    }
    if (this.valueEnd > this.#end) throw this.#error('an entry ends behind the last one')
    at = this.valueStart - this.#unshared
    return at
  }

  /** A varint32 at `valueStart`, which moves behind it. */
  #varint(): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < 5; i++) {
      if (this.valueStart >= this.#end) break
      const byte = this.#block[this.valueStart++]
      value += (byte & 127) * scale
      if (byte < 128 && value <= 0xffff_ffff) return value
      scale *= 128
    }
    throw this.#error('a length is not a varint32')
  }

  /** Counts the entry at `#at` as a restart point if it is the next one named; none may have been passed over. */
  #checkRestart(): void {
    if (this.#restartsMet === this.#restarts) return
    const next = this.#restart(this.#restartsMet)
    if (next > this.#at) return
    if (next < this.#at) throw this.#error('a restart point is not at an entry')
    if (this.#shared !== 0) throw this.#error('a restart point shares key bytes')
    this.#restartsMet++
  }

  /** Whether the key at hand has a tag and comes after the last one, comparing only what the two do not share. */
  #checkKey(keyAt: number): void {
    const length = this.#shared + this.#unshared
    if (length < TAG_SIZE) throw this.#error('a key has no tag')
    const last = this.key
    if (last.length === 0) return
    const user = length - TAG_SIZE
    const lastUser = last.length - TAG_SIZE
    const common = Math.min(user, lastUser)
    const moved = keyAt - this.#shared
    let i = this.#shared
    while (i < common && last.bytes[i] === this.#block[moved + i]) i++
    const ascends =
      i < common
        ? last.bytes[i] < this.#block[moved + i]
        : lastUser < user || (lastUser === user && this.#isOlder(user, moved))
    if (!ascends) throw this.#error('keys do not ascend')
  }

  /** Whether, of two versions of one user key, the one at hand has the lesser tag. */
  #isOlder(user: number, moved: number): boolean {
    for (let i = user + TAG_SIZE - 1; i >= user; i--) {
      const before = this.key.bytes[i]
      const byte = i < this.#shared ? before : this.#block[moved + i]
      if (byte !== before) return byte < before
    }
    return false
  }

  #finish(): boolean {
    if (this.#end > 0 && this.#restartsMet < this.#restarts) throw this.#error('a restart point is not at an entry')
    return false
  }

  #error(what: string): Error {
    return corruption(`block is damaged at byte ${this.#at}: ${what}`, this.#file, this.#offset)
  }
}
