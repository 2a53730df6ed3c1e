/**
 * What one reader sees of all entries: the newest version of each key that is not too new, deletions hidden, within a range.
 *
 *     internal   a@9  a@5  b@8(del)  b@2  c@7  d@3
 *     as of 8         a@5  b hidden       c@7  d@3
 *
 * 1. An iterator walks one way for life. `rewind` and `seek` only say where to start; `advance` does the moving.
 * 2. `advance` returns a {@link Move}. All loop state is in fields: after MISS the same call goes on where it was.
 * 3. A walk over many entries that nobody sees pauses: it returns MISS with nothing lacking in the context, so that the
 *    driver can let others run.
 * 4. Key and value stay readable until the next `advance`.
 */
import {
  ByteBuffer,
  EMPTY,
  END,
  equalBytes,
  MAX_SEQUENCE,
  MergingIterator,
  MISS,
  putTag,
  TAG_SIZE,
  tagSequence,
  tagType,
  TYPE_DELETION,
  TYPE_FOR_SEEK,
  TYPE_VALUE,
  VALID,
  type InternalIterator,
  type Move,
} from '@lsm/base'

import { EVERYTHING, isAbove, isBelow, type Bound, type KeyRange } from './key-range.ts'

/** Entries that one call may pass over before it pauses. */
const PATIENCE = 1024

/** Walks the user keys that one reader sees, in one direction. */
export interface VisibleIterator {
  readonly key: Uint8Array
  readonly keyStart: number
  readonly keyEnd: number
  readonly value: Uint8Array
  readonly valueStart: number
  readonly valueEnd: number
  /** The next `advance` leads to the first entry of the range in this direction. */
  rewind(): void
  /** The next `advance` leads to the first entry at `userKey` or beyond it in this direction. */
  seek(userKey: Uint8Array): void
  /** To the next entry. */
  advance(): Move
  /** Begins anew over the same source, as another reader. */
  reset(sequence: number, range: KeyRange): void
}

/** Makes an iterator over what is visible as of a sequence number. */
export function visibleIterator(
  source: InternalIterator,
  sequence: number,
  range: KeyRange,
  reverse: boolean,
): VisibleIterator {
  const entries = reverse ? new ReverseIterator(source) : new ForwardIterator(source)
  entries.reset(sequence, range)
  return entries
}

/** Where an iterator starts: an internal key, or the end of the source that it comes from. */
class Start {
  readonly #target = new ByteBuffer()
  #bounded = false

  /** Before all versions of the bound's key, or after them. No bound: from the end of the source. */
  set(bound: Bound | undefined, beforeVersions: boolean): void {
    this.#bounded = bound !== undefined
    if (bound === undefined) return
    const { key } = bound
    this.#target.assign(key, 0, key.length)
    this.#target.reserve(key.length + TAG_SIZE)
    if (beforeVersions) putTag(this.#target.bytes, key.length, MAX_SEQUENCE, TYPE_FOR_SEEK)
    else putTag(this.#target.bytes, key.length, 0, TYPE_DELETION)
    this.#target.length = key.length + TAG_SIZE
  }

  /** To the first entry at or after the place. */
  forwards(source: InternalIterator): Move {
    return this.#bounded ? source.seek(this.#target.bytes, 0, this.#target.length) : source.seekToFirst()
  }

  /** To the last entry before the place. */
  backwards(source: InternalIterator): Move {
    if (!this.#bounded) return source.seekToLast()
    const move = source.seek(this.#target.bytes, 0, this.#target.length)
    return move === END ? source.seekToLast() : move === VALID ? source.prev() : MISS
  }
}

/** Ascending: the first visible version of a key decides, and the rest are skipped. */
class ForwardIterator implements VisibleIterator {
  key: Uint8Array = EMPTY
  keyStart = 0
  keyEnd = 0
  value: Uint8Array = EMPTY
  valueStart = 0
  valueEnd = 0

  readonly #source: InternalIterator
  #sequence = 0
  #range: KeyRange = EVERYTHING
  readonly #start = new Start()
  #starting = true
  #ended = false
  /** The source if it knows what its entries share with the ones before. */
  readonly #merged: MergingIterator | undefined
  /** Whether there is a key whose other versions are of no interest: it was shown, or is deleted. */
  #hasDecided = false
  /** That key, where the source does not tell whether the next one is the same. */
  readonly #decided = new ByteBuffer()
  /** Bytes of the user key that was looked at last. */
  #length = 0
  /** Whether the entry on show has not been noted as decided. */
  #showing = false

  constructor(source: InternalIterator) {
    this.#source = source
    this.#merged = source instanceof MergingIterator ? source : undefined
  }

  reset(sequence: number, range: KeyRange): void {
    this.#sequence = sequence
    this.#range = range
    this.rewind()
  }

  rewind(): void {
    const { lower } = this.#range
    this.#begin(lower, lower === undefined || lower.included)
  }

  seek(userKey: Uint8Array): void {
    this.#begin({ key: userKey, included: true }, true)
    this.#ended = isBelow(this.#range, userKey, 0, userKey.length)
  }

  advance(): Move {
    if (this.#ended) return END
    let move: Move
    if (this.#starting) {
      move = this.#start.forwards(this.#source)
      if (move !== MISS) this.#starting = false
    } else {
      if (this.#showing) this.#decide(this.key, this.keyStart, this.keyEnd)
      move = this.#source.next()
    }
    for (let patience = PATIENCE; move === VALID; move = this.#source.next()) {
      const found = this.#look()
      if (found !== MISS) return found
      if (--patience === 0) return MISS
    }
    this.#ended = move === END
    return move
  }

  #begin(bound: Bound | undefined, beforeVersions: boolean): void {
    this.#start.set(bound, beforeVersions)
    this.#starting = true
    this.#ended = false
    this.#hasDecided = false
    this.#showing = false
  }

  /** Looks at the source's entry: VALID to show it, END if it is outside, MISS to pass it over. */
  #look(): Move {
    const { key, keyStart, keyEnd } = this.#source
    const userEnd = keyEnd - TAG_SIZE
    if (this.#hasDecided && this.#isDecided(key, keyStart, userEnd)) return MISS
    this.#length = userEnd - keyStart
    if (tagSequence(key, keyEnd) > this.#sequence) return MISS
    if (isAbove(this.#range, key, keyStart, userEnd)) {
      this.#ended = true
      return END
    }
    if (tagType(key, keyEnd) !== TYPE_VALUE) {
      this.#decide(key, keyStart, userEnd)
      return MISS
    }
    this.#show(userEnd)
    return VALID
  }

  /** Whether the key is the decided one. If not, that one does not come again. */
  #isDecided(key: Uint8Array, start: number, userEnd: number): boolean {
    const length = userEnd - start
    this.#hasDecided =
      length === this.#length &&
      (this.#merged === undefined
        ? equalBytes(key, start, userEnd, this.#decided.bytes, 0, this.#decided.length)
        : this.#merged.shared === length)
    return this.#hasDecided
  }

  #show(userEnd: number): void {
    const source = this.#source
    this.key = source.key
    this.keyStart = source.keyStart
    this.keyEnd = userEnd
    this.value = source.value
    this.valueStart = source.valueStart
    this.valueEnd = source.valueEnd
    this.#showing = true
  }

  #decide(key: Uint8Array, start: number, userEnd: number): void {
    if (this.#merged === undefined) this.#decided.assign(key, start, userEnd)
    this.#hasDecided = true
    this.#showing = false
  }
}

/** Bytes that are kept while the source moves on: where they lie if they stay there, or a copy. */
class Kept {
  bytes: Uint8Array = EMPTY
  start = 0
  end = 0
  readonly #copy = new ByteBuffer()

  keep(bytes: Uint8Array, start: number, end: number, stays: boolean): void {
    if (stays) {
      this.bytes = bytes
      this.start = start
      this.end = end
      return
    }
    this.#copy.assign(bytes, start, end)
    this.bytes = this.#copy.bytes
    this.start = 0
    this.end = this.#copy.length
  }
}

/** Descending: versions of a key come oldest first, so the last visible one before another key decides. It is kept meanwhile. */
class ReverseIterator implements VisibleIterator {
  key: Uint8Array = EMPTY
  keyStart = 0
  keyEnd = 0
  value: Uint8Array = EMPTY
  valueStart = 0
  valueEnd = 0

  readonly #source: InternalIterator
  /** The source if it knows what its entries share with the ones before. */
  readonly #merged: MergingIterator | undefined
  #sequence = 0
  #range: KeyRange = EVERYTHING
  readonly #start = new Start()
  #starting = true
  #ended = false
  /** Whether the source stands on an entry that has not been looked at. */
  #standing = false
  readonly #key = new Kept()
  readonly #value = new Kept()
  /** Whether `#key` holds a key whose newest visible version is being looked for. */
  #candidate = false
  /** Whether that version, as far as seen, is a value. */
  #live = false

  constructor(source: InternalIterator) {
    this.#source = source
    this.#merged = source instanceof MergingIterator ? source : undefined
  }

  reset(sequence: number, range: KeyRange): void {
    this.#sequence = sequence
    this.#range = range
    this.rewind()
  }

  rewind(): void {
    const { upper } = this.#range
    this.#begin(upper, upper !== undefined && !upper.included)
  }

  seek(userKey: Uint8Array): void {
    this.#begin({ key: userKey, included: true }, false)
    this.#ended = isAbove(this.#range, userKey, 0, userKey.length)
  }

  advance(): Move {
    if (this.#ended) return END
    let move: Move = VALID
    if (this.#starting) {
      move = this.#start.backwards(this.#source)
      if (move !== MISS) this.#starting = false
    } else if (!this.#standing) move = this.#source.prev()
    this.#standing = false
    for (let patience = PATIENCE; move === VALID; move = this.#source.prev()) {
      const found = this.#look()
      if (found !== MISS) return found
      if (--patience === 0) return MISS
    }
    return move === END ? this.#finish() : MISS
  }

  #begin(bound: Bound | undefined, beforeVersions: boolean): void {
    this.#start.set(bound, beforeVersions)
    this.#starting = true
    this.#ended = false
    this.#standing = false
    this.#candidate = false
  }

  /** Looks at the source's entry: VALID if the candidate is complete, END if the range is, MISS to go on. */
  #look(): Move {
    const { key, keyStart, keyEnd } = this.#source
    const userEnd = keyEnd - TAG_SIZE
    if (this.#candidate && !this.#isCandidate(key, keyStart, userEnd)) {
      this.#candidate = false
      if (this.#live) {
        this.#standing = true
        return this.#show()
      }
    }
    if (isBelow(this.#range, key, keyStart, userEnd)) return this.#finish()
    if (tagSequence(key, keyEnd) <= this.#sequence) this.#consider(userEnd)
    return MISS
  }

  #isCandidate(key: Uint8Array, start: number, userEnd: number): boolean {
    const candidate = this.#key
    const length = userEnd - start
    if (this.#merged === undefined)
      return equalBytes(key, start, userEnd, candidate.bytes, candidate.start, candidate.end)
    return length === candidate.end - candidate.start && this.#merged.shared === length
  }

  #consider(userEnd: number): void {
    const source = this.#source
    // In one array, both stay: see the contract of iterators.
    const stays = source.key === source.value
    if (!this.#candidate) this.#key.keep(source.key, source.keyStart, userEnd, stays)
    this.#candidate = true
    this.#live = tagType(source.key, source.keyEnd) === TYPE_VALUE
    if (this.#live) this.#value.keep(source.value, source.valueStart, source.valueEnd, stays)
  }

  /** Nothing more comes: the candidate, if there is one, is the last entry. */
  #finish(): Move {
    this.#ended = true
    return this.#candidate && this.#live ? this.#show() : END
  }

  #show(): Move {
    this.key = this.#key.bytes
    this.keyStart = this.#key.start
    this.keyEnd = this.#key.end
    this.value = this.#value.bytes
    this.valueStart = this.#value.start
    this.valueEnd = this.#value.end
    return VALID
  }
}
