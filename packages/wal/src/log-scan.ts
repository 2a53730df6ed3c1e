/**
 * Finds the records in the blocks of a log, and says of every other byte why it is none.
 *
 * Bytes are trusted as far as LevelDB trusts them. A fragment whose length or checksum is wrong takes the rest of its
 * block with it, since a wrong length says nothing of where the next one begins; reading resumes at the next block.
 *
 * 1. No byte is skipped silently: what lies between two whole records, and is neither padding nor an empty FIRST (left by
 *    old writers), is one damaged range, named by what was found wrong first.
 * 2. Damage is a tail when no record begins intact anywhere behind it, so it is reported only when the next whole record,
 *    or the end of the file, has been reached. The dropped rest of a block is searched for the beginning of a record.
 * 3. Zeros up to the end of the file are space that was allocated and never written: not damage.
 * 4. What is allocated is bounded by the size of the file, whatever the lengths in it say.
 *
 * Does not read files, and does not know what is in a record.
 */
import type { ReadableFile } from '@lsm/base'

import {
  BLOCK_SIZE,
  FIRST,
  fragmentLength,
  fragmentType,
  FULL,
  HEADER_SIZE,
  isIntact,
  LAST,
  MIDDLE,
  ZERO,
} from './log-format.ts'
import type { LogEnd, LogVisitor } from './log-visitor.ts'

/** How many bytes may be checksummed, in one file, in search of intact records behind damage. */
const SEARCH_BUDGET = 16 << 20

/** The state of reading one log. */
export class LogScan {
  /** Whether the visitor has asked to stop. */
  stopped = false
  readonly #file: ReadableFile
  readonly #visitor: LogVisitor
  readonly #maxRecordSize: number
  #records = 0
  #validEnd = 0
  #damaged = false

  /** The blocks at hand, and the file offset of their first byte. */
  #bytes: Uint8Array = new Uint8Array(0)
  #base = 0

  /** Where the record that is being put together begins; -1 if there is none. */
  #openAt = -1
  #parts: Uint8Array = new Uint8Array(0)
  #partsLength = 0

  /** The damage that has not been reported: its range, its reason, and whether a record begins intact behind it. */
  #damageAt = -1
  #damageEnd = 0
  #reason = ''
  #intactBehind = false
  #searchBudget = SEARCH_BUDGET

  /** Where the zeros begin that may reach to the end of the file; -1 if there are none. */
  #zerosAt = -1

  constructor(file: ReadableFile, visitor: LogVisitor, maxRecordSize: number) {
    this.#file = file
    this.#visitor = visitor
    this.#maxRecordSize = maxRecordSize
  }

  /** Reads whole blocks, the last of the file excepted, that lie at `position` in the file. */
  blocks(bytes: Uint8Array, length: number, position: number): void {
    this.#bytes = bytes
    this.#base = position
    for (let at = 0; at < length && !this.stopped; at += BLOCK_SIZE) {
      this.#block(at, Math.min(at + BLOCK_SIZE, length), length - at < BLOCK_SIZE)
    }
  }

  /** Ends reading at the file offset `size`. */
  finish(size: number): LogEnd {
    const zeros = this.#zerosAt < 0 ? 0 : size - this.#zerosAt
    if (!this.stopped) {
      if (this.#openAt >= 0) this.#drop(this.#openAt, size - zeros, 'the record is not finished')
      this.#report(!this.#intactBehind)
    }
    const clean = !this.stopped && !this.#damaged
    return { bytes: size, records: this.#records, validEnd: this.#validEnd, zeros, clean }
  }

  #block(start: number, end: number, isShort: boolean): void {
    let at = start
    while (end - at >= HEADER_SIZE && !this.stopped) at = this.#fragment(at, end, isShort)
    if (isShort && at < end) this.#tornHeader(at, end)
  }

  /** Takes in the fragment at `at`; returns where the next one begins. */
  #fragment(at: number, end: number, isShort: boolean): number {
    const bytes = this.#bytes
    const type = fragmentType(bytes, at)
    const next = at + HEADER_SIZE + fragmentLength(bytes, at)
    if (type === ZERO && next === at + HEADER_SIZE) return this.#zeros(at, end)
    if (next > end) {
      return this.#dropRest(at, end, isShort ? 'the file ends inside the record' : 'the length leads out of the block')
    }
    if (!isIntact(bytes, at, next)) return this.#dropRest(at, end, 'the checksum is wrong')
    this.#endZeros(at)
    if (type === FULL || type === FIRST) this.#begin(at, next, type)
    else if (type === MIDDLE || type === LAST) this.#continue(at, next, type)
    else this.#dropFragment(at, next, `the record type ${type} is unknown`)
    return next
  }

  #begin(at: number, next: number, type: number): void {
    if (this.#openAt >= 0 && this.#partsLength > 0) {
      this.#drop(this.#openAt, this.#base + at, 'the record is not finished')
    }
    this.#openAt = -1
    if (this.#damageAt >= 0) this.#intactBehind = true
    if (next - at - HEADER_SIZE > this.#maxRecordSize) this.#dropFragment(at, next, this.#tooLarge())
    else if (type === FULL) this.#emit(this.#bytes, at + HEADER_SIZE, next, this.#base + at, next)
    else {
      this.#openAt = this.#base + at
      this.#partsLength = 0
      this.#keep(at + HEADER_SIZE, next)
    }
  }

  #continue(at: number, next: number, type: number): void {
    if (this.#openAt < 0) this.#dropFragment(at, next, 'the beginning of the record is missing')
    else if (this.#partsLength + next - at - HEADER_SIZE > this.#maxRecordSize) {
      this.#dropFragment(at, next, this.#tooLarge())
    } else {
      this.#keep(at + HEADER_SIZE, next)
      if (type === MIDDLE) return
      const offset = this.#openAt
      this.#openAt = -1
      this.#emit(this.#parts, 0, this.#partsLength, offset, next)
    }
  }

  /** Hands a whole record to the visitor, after the damage before it. `next` is where its last fragment ends. */
  #emit(bytes: Uint8Array, start: number, end: number, offset: number, next: number): void {
    this.#report(false)
    if (this.stopped) return
    this.#records++
    this.#validEnd = this.#base + next
    if (this.#visitor.record(bytes, start, end, offset) === false) this.stopped = true
  }

  /** Adds the payload of a fragment to the record that is being put together. */
  #keep(start: number, end: number): void {
    const length = this.#partsLength + end - start
    if (length > this.#parts.length) {
      const grown = new Uint8Array(Math.min(Math.max(length, 2 * this.#parts.length), this.#file.size))
      grown.set(this.#parts.subarray(0, this.#partsLength))
      this.#parts = grown
    }
    this.#parts.set(this.#bytes.subarray(start, end), this.#partsLength)
    this.#partsLength = length
  }

  /** Space that was never written: the rest of its block is empty, or it is damage. */
  #zeros(at: number, end: number): number {
    if (!isZero(this.#bytes, at, end)) return this.#dropRest(at, end, 'zeros stand where a record should begin')
    if (this.#openAt >= 0) this.#drop(this.#openAt, this.#base + at, 'the record is not finished')
    this.#openAt = -1
    if (this.#zerosAt < 0) this.#zerosAt = this.#base + at
    return end
  }

  /** Zeros that end at `at` do not reach to the end of the file, and so are damage. */
  #endZeros(at: number): void {
    if (this.#zerosAt < 0) return
    const from = this.#zerosAt
    this.#zerosAt = -1
    this.#drop(from, this.#base + at, 'the space was never written')
  }

  /** The last bytes of the file are too few for a header. */
  #tornHeader(at: number, end: number): void {
    if (isZero(this.#bytes, at, end)) this.#zeros(at, end)
    else this.#dropRest(at, end, 'the file ends inside a header')
  }

  /** Drops what is left of a block, and the record that was open. */
  #dropRest(at: number, end: number, reason: string): number {
    this.#dropFragment(at, end, reason)
    this.#intactBehind ||= this.#beginsIntact(at + 1, end)
    return end
  }

  /** Drops `bytes[at, end)`, and the record that was open. */
  #dropFragment(at: number, end: number, reason: string): void {
    this.#endZeros(at)
    this.#drop(this.#openAt < 0 ? this.#base + at : this.#openAt, this.#base + end, reason)
    this.#openAt = -1
  }

  /** Adds a range of the file to the damage that is to be reported. */
  #drop(from: number, to: number, reason: string): void {
    if (this.#damageAt < 0) {
      this.#damageAt = from
      this.#reason = reason
    }
    this.#damageEnd = to
  }

  /** Tells the visitor of the damage, if there is any. */
  #report(tail: boolean): void {
    if (this.#damageAt < 0) return
    const offset = this.#damageAt
    const damage = { file: this.#file.name, offset, bytes: this.#damageEnd - offset, reason: this.#reason, tail }
    this.#damageAt = -1
    this.#intactBehind = false
    this.#damaged = true
    if (this.#visitor.dropped(damage) === false) this.stopped = true
  }

  /**
   * Whether a record of this log begins intact somewhere in `bytes[from, end)`. Hostile bytes could ask for a checksum over the rest
   * of the block at every byte: the budget ends that.
   */
  #beginsIntact(from: number, end: number): boolean {
    const bytes = this.#bytes
    for (let at = from; at + HEADER_SIZE <= end && this.#searchBudget > 0; at++) {
      const type = fragmentType(bytes, at)
      if (type !== FULL && type !== FIRST) continue
      const next = at + HEADER_SIZE + fragmentLength(bytes, at)
      if (next > end) continue
      this.#searchBudget -= next - at
      if (isIntact(bytes, at, next) && (type === FIRST || this.#mayBelong(at + HEADER_SIZE, next))) return true
    }
    return false
  }

  #mayBelong(start: number, end: number): boolean {
    return this.#visitor.mayBelong?.(this.#bytes, start, end) ?? true
  }

  #tooLarge(): string {
    return `the record is larger than ${this.#maxRecordSize} bytes`
  }
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false
  return true
}
