/**
 * Many sorted sources as one.
 *
 * A binary heap of children, the one with the next key on top. A move of the top child costs one or two
 * comparisons where it stays on top, as it does in runs.
 *
 * 1. Equal keys come in the order of the children; put newer sources first.
 * 2. All children are asked before MISS is returned, so that one load serves them all.
 * 3. A turn of direction starts from a copy of the current key and moves every child anew; it is committed
 *    only when every child has arrived, and redone from that copy after a miss.
 */
import { ByteBuffer, EMPTY } from './bytes.ts'
import { compareInternalKeys } from './internal-key.ts'
import { END, MISS, VALID, type InternalIterator, type Move } from './iterator.ts'

const FORWARD = 1
const REVERSE = -1

/** Merges iterators over internal keys into one; a single child is returned as it is. */
export function mergeIterators(children: readonly InternalIterator[]): InternalIterator {
  return children.length === 1 ? children[0] : new MergingIterator(children)
}

/** See {@link mergeIterators}. */
export class MergingIterator implements InternalIterator {
  key: Uint8Array = EMPTY
  keyStart = 0
  keyEnd = 0
  value: Uint8Array = EMPTY
  valueStart = 0
  valueEnd = 0

  readonly #children: readonly InternalIterator[]
  /** Indexes of children that stand on an entry; `#heap[0]` is the current one. */
  readonly #heap: Int32Array
  #size = 0
  #direction = FORWARD
  readonly #turnKey = new ByteBuffer()
  #turning = false

  constructor(children: readonly InternalIterator[]) {
    this.#children = children
    this.#heap = new Int32Array(children.length)
  }

  seekToFirst(): Move {
    this.#begin(FORWARD)
    let missed = false
    for (let i = 0; i < this.#children.length; i++) missed = this.#arrive(i, this.#children[i].seekToFirst()) || missed
    return missed ? MISS : this.#order()
  }

  seekToLast(): Move {
    this.#begin(REVERSE)
    let missed = false
    for (let i = 0; i < this.#children.length; i++) missed = this.#arrive(i, this.#children[i].seekToLast()) || missed
    return missed ? MISS : this.#order()
  }

  seek(target: Uint8Array, start: number, end: number): Move {
    this.#begin(FORWARD)
    let missed = false
    for (let i = 0; i < this.#children.length; i++) {
      missed = this.#arrive(i, this.#children[i].seek(target, start, end)) || missed
    }
    return missed ? MISS : this.#order()
  }

  next(): Move {
    if (this.#direction !== FORWARD || this.#turning) return this.#turn(FORWARD)
    return this.#replaceTop(this.#children[this.#heap[0]].next())
  }

  prev(): Move {
    if (this.#direction !== REVERSE || this.#turning) return this.#turn(REVERSE)
    return this.#replaceTop(this.#children[this.#heap[0]].prev())
  }

  /** Starts an absolute move, which forgets anything unfinished. */
  #begin(direction: number): void {
    this.#direction = direction
    this.#turning = false
    this.#size = 0
  }

  /** Takes a child in if it stands on an entry; says whether it missed. */
  #arrive(child: number, move: Move): boolean {
    if (move === VALID) this.#heap[this.#size++] = child
    return move === MISS
  }

  #turn(direction: number): Move {
    const current = this.#heap[0]
    if (!this.#turning) {
      this.#turnKey.assign(this.key, this.keyStart, this.keyEnd)
      this.#turning = true
    }
    let missed = false
    this.#size = 1
    for (let i = 0; i < this.#children.length; i++) {
      if (i === current) continue
      const move = direction === FORWARD ? this.#after(this.#children[i]) : this.#before(this.#children[i])
      missed = this.#arrive(i, move) || missed
    }
    if (missed) return MISS
    const child = this.#children[current]
    const move = direction === FORWARD ? child.next() : child.prev()
    if (move === MISS) return MISS
    if (move === END) this.#heap[0] = this.#heap[--this.#size]
    this.#turning = false
    this.#direction = direction
    return this.#order()
  }

  /** Moves a child to its first entry after the turn's key. */
  #after(child: InternalIterator): Move {
    return child.seek(this.#turnKey.bytes, 0, this.#turnKey.length)
  }

  /** Moves a child to its last entry before the turn's key. */
  #before(child: InternalIterator): Move {
    const move = this.#after(child)
    if (move === MISS) return MISS
    return move === VALID ? child.prev() : child.seekToLast()
  }

  #replaceTop(move: Move): Move {
    if (move === MISS) return MISS
    if (move === END) this.#heap[0] = this.#heap[--this.#size]
    this.#sift(0)
    return this.#show()
  }

  #order(): Move {
    for (let i = (this.#size >> 1) - 1; i >= 0; i--) this.#sift(i)
    return this.#show()
  }

  #show(): Move {
    if (this.#size === 0) return END
    const child = this.#children[this.#heap[0]]
    this.key = child.key
    this.keyStart = child.keyStart
    this.keyEnd = child.keyEnd
    this.value = child.value
    this.valueStart = child.valueStart
    this.valueEnd = child.valueEnd
    return VALID
  }

  #sift(from: number): void {
    const heap = this.#heap
    const size = this.#size
    let at = from
    const moving = heap[at]
    for (;;) {
      let below = 2 * at + 1
      if (below >= size) break
      if (below + 1 < size && this.#precedes(heap[below + 1], heap[below])) below++
      if (!this.#precedes(heap[below], moving)) break
      heap[at] = heap[below]
      at = below
    }
    heap[at] = moving
  }

  #precedes(left: number, right: number): boolean {
    const a = this.#children[left]
    const b = this.#children[right]
    const order = compareInternalKeys(a.key, a.keyStart, a.keyEnd, b.key, b.keyStart, b.keyEnd)
    return order === 0 ? left < right : order < 0 === this.#direction > 0
  }
}
