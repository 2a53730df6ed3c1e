/**
 * Walks one data block that has passed `block-walker`, in either direction.
 *
 * 1. Everything in the block is believed: no bound is checked here.
 * 2. The key is put together in a buffer of the iterator's own, the value is shown where it lies.
 * 3. Backwards, a run of entries is decoded once from its restart point and kept; walking it costs no more than
 *    walking forwards. What is kept is bounded, so a block with few restart points costs time, not memory.
 *
 * The array of the block lives as long as somebody refers to it: a cache may forget it while an iterator is inside.
 *
 * Does not know where blocks come from. Never misses.
 */
import {
  compareInternalKeys,
  EMPTY,
  END,
  equalBytes,
  getFixed32,
  TAG_SIZE,
  VALID,
  type InternalIterator,
  type Move,
} from '@lsm/base'

/** A block without entries. */
const EMPTY_BLOCK = new Uint8Array(4)

/** Key bytes of a run that are kept at most, unless a single key is larger. */
const LARGEST_RUN = 64 * 1024

/** Walks the entries of a block. */
export class BlockIterator implements InternalIterator {
  key: Uint8Array = new Uint8Array(64)
  readonly keyStart: number = 0
  keyEnd = 0
  value: Uint8Array = EMPTY
  valueStart = 0
  valueEnd = 0
  /** After a seek that is VALID: whether it stands on a version of the user key that was sought. */
  found = false

  #block: Uint8Array = EMPTY_BLOCK
  /** One past the last entry; the restart array begins here. */
  #end = 0
  #restarts = 0
  /** Offset of the current entry. */
  #entry = 0
  /** What the header of the entry at hand said. */
  #shared = 0
  #unshared = 0
  /** The entries just before the current one, see {@link Run}. Made at the first step backwards. */
  #run: Run | undefined
  /** How many entries of `#run` still lie before the current one. */
  #kept = 0

  /** Enters a block, before its first entry. */
  open(block: Uint8Array): void {
    this.#block = block
    this.value = block
    this.#restarts = getFixed32(block, block.length - 4)
    this.#end = block.length - 4 - 4 * this.#restarts
    this.#kept = 0
  }

  seekToFirst(): Move {
    this.#kept = 0
    if (this.#end === 0) return END
    this.#read(0)
    return VALID
  }

  seekToLast(): Move {
    this.#kept = 0
    this.#entry = this.#end
    return this.#back()
  }

  next(): Move {
    this.#kept = 0
    if (this.valueEnd >= this.#end) return END
    this.#read(this.valueEnd)
    return VALID
  }

  prev(): Move {
    return this.#back()
  }

  /**
   * To the first entry at or after an internal key: a binary search over the restart points, then entry by entry.
   *
   * Of the target's user key, `matched` bytes are known to be those of the last entry. An entry that shares more than
   * these with the last one differs from the target in the same byte, and is passed over unseen. One that shares
   * less says nothing by that: at a restart point an entry shares less than it could.
   *
   * Nor are keys put together on the way: what the entry arrived at shares with the last one, it shares with the
   * target. Only where a key runs into the last one's tag does that fail, and the run is walked again.
   */
  seek(target: Uint8Array, start: number, end: number): Move {
    this.#kept = 0
    this.found = false
    const block = this.#block
    const targetLength = end - TAG_SIZE - start
    const run = this.#runBefore(target, start, end)
    let matched = 0
    let differs = false
    for (let at = run; at < this.#end; at = this.valueEnd) {
      const keyAt = this.#readHeader(at)
      const shared = this.#shared
      if (shared > matched) {
        if (differs) continue
        return this.#seekInRun(run, target, start, end)
      }
      const length = shared + this.#unshared - TAG_SIZE
      const common = length < targetLength ? length : targetLength
      const moved = keyAt - shared
      matched = shared
      while (matched < common && block[moved + matched] === target[start + matched]) matched++
      differs = matched < common
      const order = differs ? block[moved + matched] - target[start + matched] : length - targetLength
      if (order < 0 || (order === 0 && !isAtOrAfter(block, moved + length, target, end - TAG_SIZE))) continue
      this.found = order === 0
      this.#arrive(at, keyAt, target, start)
      return VALID
    }
    return END
  }

  /** The same from the start of a run on, looking at whole keys. */
  #seekInRun(run: number, target: Uint8Array, start: number, end: number): Move {
    for (let at = run; at < this.#end; at = this.valueEnd) {
      this.#read(at)
      const order = compareInternalKeys(this.key, 0, this.keyEnd, target, start, end)
      if (order < 0) continue
      this.found = equalBytes(this.key, 0, this.keyEnd - TAG_SIZE, target, start, end - TAG_SIZE)
      return VALID
    }
    return END
  }

  /** Stands on an entry whose header was read; what it shares, it shares with the target. */
  #arrive(at: number, keyAt: number, target: Uint8Array, start: number): void {
    this.#entry = at
    const shared = this.#shared
    this.keyEnd = shared + this.#unshared
    if (this.keyEnd > this.key.length) this.#growKey(0)
    copy(target, start, this.key, 0, shared)
    copy(this.#block, keyAt, this.key, shared, this.#unshared)
  }

  /** Offset of the last restart point before an internal key, or of the first one. */
  #runBefore(target: Uint8Array, start: number, end: number): number {
    let low = 0
    let high = this.#restarts - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      const keyAt = this.#readHeader(this.#restart(middle))
      const order = compareInternalKeys(this.#block, keyAt, keyAt + this.#unshared, target, start, end)
      if (order < 0) low = middle
      else high = middle - 1
    }
    return this.#restarts === 0 ? this.#end : this.#restart(low)
  }

  #restart(n: number): number {
    return getFixed32(this.#block, this.#end + 4 * n)
  }

  /** Stands on the entry at an offset; the key of the one before is in `key`, unless nothing is shared. */
  #read(at: number): void {
    this.#entry = at
    const keyAt = this.#readHeader(at)
    const shared = this.#shared
    const unshared = this.#unshared
    this.keyEnd = shared + unshared
    if (this.keyEnd > this.key.length) this.#growKey(shared)
    copy(this.#block, keyAt, this.key, shared, unshared)
  }

  /**
   * Reads the lengths of the entry at an offset, and sets where its value lies.
   *
   * @returns where the unshared bytes of its key lie.
   */
  #readHeader(at: number): number {
    const block = this.#block
    const shared = block[at]
    const unshared = block[at + 1]
    const valueLength = block[at + 2]
    if ((shared | unshared | valueLength) >= 128) return this.#readLongHeader(at)
    this.#shared = shared
    this.#unshared = unshared
    this.valueStart = at + 3 + unshared
    this.valueEnd = this.valueStart + valueLength
    return at + 3
  }

  #readLongHeader(at: number): number {
    this.valueStart = at
    this.#shared = this.#varint()
    this.#unshared = this.#varint()
    const valueLength = this.#varint()
    const keyAt = this.valueStart
    this.valueStart = keyAt + this.#unshared
    this.valueEnd = this.valueStart + valueLength
    return keyAt
  }

  /** A varint at `valueStart`, which moves behind it. A block is smaller than 2^31 bytes, and so are its lengths. */
  #varint(): number {
    const block = this.#block
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = block[this.valueStart++]
      value |= (byte & 127) << shift
      if (byte < 128) return value
    }
  }

  #growKey(keep: number): void {
    const grown = new Uint8Array(2 * this.keyEnd)
    grown.set(this.key.subarray(0, keep))
    this.key = grown
  }

  /** To the entry before `#entry`, which may be one past the last. */
  #back(): Move {
    if (this.#entry === 0) return END
    if (this.#kept === 0) this.#keepRun()
    const run = this.#run!
    const last = --this.#kept
    const start = last === 0 ? 0 : run.keyEnds[last - 1]
    this.#entry = run.entries[last]
    this.#readHeader(this.#entry)
    this.keyEnd = run.keyEnds[last] - start
    if (this.keyEnd > this.key.length) this.#growKey(0)
    copy(run.keys, start, this.key, 0, this.keyEnd)
    return VALID
  }

  /** Decodes the entries from the restart point before `#entry` up to it, and keeps them, or the last of them. */
  #keepRun(): void {
    const run = (this.#run ??= new Run())
    const until = this.#entry
    this.valueEnd = this.#restart(this.#restartBefore(until))
    this.#kept = 0
    while (this.valueEnd < until) {
      this.#read(this.valueEnd)
      const length = this.#kept === 0 ? 0 : run.keyEnds[this.#kept - 1]
      if (length + this.keyEnd > LARGEST_RUN) this.#kept = 0
      run.keep(this.#kept++, this.#entry, this.key, this.keyEnd)
    }
  }

  /** Number of the last restart point before an offset. */
  #restartBefore(offset: number): number {
    let low = 0
    let high = this.#restarts - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#restart(middle) < offset) low = middle
      else high = middle - 1
    }
    return low
  }
}

/** Neighbouring entries: where each begins, and its key. */
class Run {
  entries: Int32Array = new Int32Array(16)
  /** Key n is `keys[keyEnds[n - 1], keyEnds[n])`. */
  keyEnds: Int32Array = new Int32Array(16)
  keys: Uint8Array = new Uint8Array(512)

  /** Makes this the n-th and last entry. */
  keep(n: number, entry: number, key: Uint8Array, keyEnd: number): void {
    const start = n === 0 ? 0 : this.keyEnds[n - 1]
    const end = start + keyEnd
    if (n === this.entries.length) {
      this.entries = grown(this.entries)
      this.keyEnds = grown(this.keyEnds)
    }
    if (end > this.keys.length) {
      const keys = new Uint8Array(2 * end)
      keys.set(this.keys.subarray(0, start))
      this.keys = keys
    }
    this.entries[n] = entry
    this.keyEnds[n] = end
    copy(key, 0, this.keys, start, keyEnd)
  }
}

function grown(array: Int32Array): Int32Array {
  const copy = new Int32Array(2 * array.length)
  copy.set(array)
  return copy
}

/** Copies bytes: in a loop where that beats the making of a view. */
function copy(source: Uint8Array, from: number, target: Uint8Array, to: number, length: number): void {
  if (length < 24) for (let i = 0; i < length; i++) target[to + i] = source[from + i]
  else target.set(source.subarray(from, from + length), to)
}

/** Whether, of two versions of one user key with tags at these offsets, the first is the second or an older one. */
function isAtOrAfter(key: Uint8Array, tag: number, target: Uint8Array, targetTag: number): boolean {
  for (let i = TAG_SIZE - 1; i >= 0; i--) {
    const difference = key[tag + i] - target[targetTag + i]
    if (difference !== 0) return difference < 0
  }
  return true
}
