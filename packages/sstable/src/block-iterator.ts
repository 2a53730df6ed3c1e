/**
 * Walks one data block that has passed `block-walker`, in either direction.
 *
 * 1. Everything in the block is believed: no bound is checked here.
 * 2. The key is put together in a buffer of the iterator's own, the value is shown where it lies.
 * 3. An entry says how to get from the key before it to its own, not back. So to go backwards the run before the
 *    current entry is walked once, from its restart point, and the bytes that each step overwrites are kept: walking
 *    back is putting these in place again. They are never more than the block has.
 *
 * The array of the block lives as long as somebody refers to it: a cache may forget it while an iterator is inside.
 *
 * Does not know where blocks come from. Never misses.
 */
import {
  compareInternalKeys,
  EMPTY,
  END,
  getFixed32,
  TAG_SIZE,
  tagType,
  VALID,
  type InternalIterator,
  type Move,
} from '@lsm/base'

/** What {@link BlockIterator.probe} says where the block has nothing of the key, but later keys. */
export const NOTHING = -1
/** What {@link BlockIterator.probe} says where the block ends before the key. */
export const BEYOND = -2

const NOWHERE = -1
const IN_BUFFER = -2

/** Bytes above which a native copy beats a loop, though it needs a view. */
const LONG_COPY = 32

/** Bytes of the first array in which keys are put together. */
const SHORTEST_BUFFER = 64

/** A block without entries. */
const EMPTY_BLOCK = new Uint8Array(4)

/** Steps that can be kept at least; a large block may have more, a sixteenth of its bytes. */
const KEPT_STEPS = 4096

/** Walks the entries of a block. */
export class BlockIterator implements InternalIterator {
  key: Uint8Array = EMPTY
  keyStart = 0
  keyEnd = 0
  value: Uint8Array = EMPTY
  valueStart = 0
  valueEnd = 0

  #block: Uint8Array = EMPTY_BLOCK
  /** One past the last entry; the restart array begins here. */
  #end = 0
  #restarts = 0
  /** Offset of the current entry. */
  #entry = 0
  /** Whether the last search arrived at a version of the user key that was sought. */
  #isVersion = false
  /** What the header of the entry at hand said. */
  #shared = 0
  #unshared = 0
  /** The steps that led to the current entry. Made at the first step backwards. */
  #steps: Steps | undefined
  /** How many of these can be taken back. */
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

  seek(target: Uint8Array, start: number, end: number): Move {
    const keyAt = this.#search(target, start, end)
    if (keyAt === NOWHERE) return END
    if (keyAt !== IN_BUFFER) this.#copyKey(keyAt, target, start)
    return VALID
  }

  /**
   * The same for a look-up, which needs the value but not the key.
   *
   * @returns the value type of the newest version of the target's user key at or after the target; {@link NOTHING} if
   *   the first entry there is of another key; {@link BEYOND} if there is no entry there.
   */
  probe(target: Uint8Array, start: number, end: number): number {
    const keyAt = this.#search(target, start, end)
    if (keyAt === NOWHERE) return BEYOND
    if (!this.#isVersion) return NOTHING
    return keyAt === IN_BUFFER ? tagType(this.key, this.keyEnd) : tagType(this.#block, this.valueStart)
  }

  /**
   * Finds the first entry at or after an internal key: a binary search over the restart points, then entry by entry.
   *
   * Of the target's user key, `matched` bytes are known to be those of the last entry. An entry that shares more than
   * these with the last one differs from the target in the same byte, and is passed over unseen. One that shares
   * less says nothing by that: at a restart point an entry shares less than it could.
   *
   * Nor are keys put together on the way: what the entry arrived at shares with the last one, it shares with the
   * target. Only where a key runs into the last one's tag does that fail, and the run is walked again.
   *
   * @returns where the unshared bytes of its key lie, the others being the target's; or {@link IN_BUFFER} if the key
   *   is in `key`; or {@link NOWHERE}.
   */
  #search(target: Uint8Array, start: number, end: number): number {
    this.#kept = 0
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
        return this.#searchRun(run, target, start, end)
      }
      const length = shared + this.#unshared - TAG_SIZE
      const common = length < targetLength ? length : targetLength
      const moved = keyAt - shared
      matched = shared
      while (matched < common && block[moved + matched] === target[start + matched]) matched++
      differs = matched < common
      const order = differs ? block[moved + matched] - target[start + matched] : length - targetLength
      if (order < 0 || (order === 0 && !isAtOrAfter(block, moved + length, target, end - TAG_SIZE))) continue
      this.#entry = at
      this.#isVersion = order === 0
      return keyAt
    }
    return NOWHERE
  }

  /** The same from the start of a run on, putting every key together. */
  #searchRun(run: number, target: Uint8Array, start: number, end: number): number {
    const targetLength = end - TAG_SIZE - start
    let matched = 0
    for (let at = run; at < this.#end; at = this.valueEnd) {
      this.#read(at)
      const key = this.key
      const length = this.keyEnd - TAG_SIZE
      const common = length < targetLength ? length : targetLength
      if (this.#shared < matched) matched = this.#shared
      while (matched < common && key[matched] === target[start + matched]) matched++
      const order = matched < common ? key[matched] - target[start + matched] : length - targetLength
      if (order < 0 || (order === 0 && !isAtOrAfter(key, length, target, end - TAG_SIZE))) continue
      this.#isVersion = order === 0
      return IN_BUFFER
    }
    return NOWHERE
  }

  /** Puts the key of the entry that was found together. */
  #copyKey(keyAt: number, target: Uint8Array, start: number): void {
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
    this.#putKey(this.#readHeader(at))
  }

  /** Puts the unshared bytes of a key, which lie at `keyAt`, behind the shared ones. */
  #putKey(keyAt: number): void {
    const shared = this.#shared
    this.keyEnd = shared + this.#unshared
    if (this.keyEnd > this.key.length) this.#growKey(shared)
    copy(this.#block, keyAt, this.key, shared, this.#unshared)
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
    this.#shared = this.readVarint()
    this.#unshared = this.readVarint()
    const valueLength = this.readVarint()
    const keyAt = this.valueStart
    this.valueStart = keyAt + this.#unshared
    this.valueEnd = this.valueStart + valueLength
    return keyAt
  }

  /** A varint at `valueStart`, which moves behind it. A block is smaller than 2^31 bytes, and so are its lengths. */
  protected readVarint(): number {
    const block = this.value
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = block[this.valueStart++]
      value |= (byte & 127) << shift
      if (byte < 128) return value
    }
  }

  #growKey(keep: number): void {
    const grown = new Uint8Array(Math.max(SHORTEST_BUFFER, 2 * this.keyEnd))
    grown.set(this.key.subarray(0, keep))
    this.key = grown
  }

  /** To the entry before `#entry`, which may be one past the last. */
  #back(): Move {
    if (this.#entry === 0) return END
    if (this.#kept === 0) this.#walkTo(this.#entry)
    else this.#takeBack()
    return VALID
  }

  /** To the entry before an offset, from the restart point before it, keeping the steps. */
  #walkTo(offset: number): void {
    const steps = (this.#steps ??= new Steps())
    const most = Math.max(KEPT_STEPS, this.#block.length >>> 4)
    this.#read(this.#restart(this.#restartBefore(offset)))
    while (this.valueEnd < offset) {
      const from = this.#entry
      this.#entry = this.valueEnd
      const keyAt = this.#readHeader(this.#entry)
      if (this.#kept === most) this.#kept = 0
      steps.keep(this.#kept++, from, this.key, this.#shared, this.keyEnd)
      this.#putKey(keyAt)
    }
  }

  /** Takes the last step back. What the current key shares with the one before is still in place. */
  #takeBack(): void {
    const { entries, ends, bytes } = this.#steps!
    const last = --this.#kept
    const start = last === 0 ? 0 : ends[last - 1]
    const length = ends[last] - start
    copy(bytes, start, this.key, this.#shared, length)
    this.keyEnd = this.#shared + length
    this.#entry = entries[last]
    this.#readHeader(this.#entry)
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

/** Steps from one entry to the next: where each began, and the bytes of the key that it overwrote or cut off. */
class Steps {
  entries: Int32Array = new Int32Array(16)
  /** Step n lost `bytes[ends[n - 1], ends[n])`. */
  ends: Int32Array = new Int32Array(16)
  bytes: Uint8Array = new Uint8Array(256)

  /** Makes this the n-th and last step: from an entry whose key loses its bytes from `shared` on. */
  keep(n: number, entry: number, key: Uint8Array, shared: number, keyEnd: number): void {
    const start = n === 0 ? 0 : this.ends[n - 1]
    const end = start + keyEnd - shared
    if (n === this.entries.length) {
      this.entries = grown(this.entries)
      this.ends = grown(this.ends)
    }
    if (end > this.bytes.length) {
      const bytes = new Uint8Array(2 * end)
      bytes.set(this.bytes.subarray(0, start))
      this.bytes = bytes
    }
    this.entries[n] = entry
    this.ends[n] = end
    copy(key, shared, this.bytes, start, keyEnd - shared)
  }
}

function grown(array: Int32Array): Int32Array {
  const copy = new Int32Array(2 * array.length)
  copy.set(array)
  return copy
}

/** Copies bytes: in a loop where that beats the making of a view. */
function copy(source: Uint8Array, from: number, target: Uint8Array, to: number, length: number): void {
  if (length < LONG_COPY) for (let i = 0; i < length; i++) target[to + i] = source[from + i]
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
