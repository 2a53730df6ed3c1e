/**
 * Many sorted sources as one.
 *
 * A tournament of children: each inner node of the tree keeps the child that lost there, the winner of all stands at
 * the top. When the winner moves, only the games on its way up are played again.
 *
 *             winner                      leaves are children; n of them need n - 1 games
 *               │
 *          ┌─ loser ─┐                    code of a loser: how far its user key agrees with that of the
 *       ┌ loser ┐    c                    winner of the same game, and its byte there
 *       a       b
 *
 * A game is almost always decided by two codes, without a look at the keys: of two keys that both come after the same one,
 * that which agrees with it further comes first, and of two that agree equally far, that with the lesser byte. Only equal
 * codes make the keys be compared, from there on, and the loser then gets its code anew. So shared prefixes, long in most
 * databases, are compared once and not in every game.
 *
 * 1. Equal keys come in the order of the children; put newer sources first.
 * 2. All children are asked before MISS is returned, so that one load serves them all.
 * 3. A turn of direction starts from a copy of the current key and moves every child anew; it is committed
 *    only when every child has arrived, and redone from that copy after a miss.
 * 4. The codes on the way from a winner's leaf to the top refer to the winner's user key, which `#last` keeps.
 */
import { ByteBuffer, EMPTY, sharedPrefixLength } from './bytes.ts'
import { compareTags, TAG_SIZE } from './internal-key.ts'
import { END, MISS, VALID, type InternalIterator, type Move } from './iterator.ts'

const FORWARD = 1
const REVERSE = -1

/**
 * code = (LAST_OFFSET - offset of the first byte that differs) * 512 + byte, where the end of a key counts 0 and a byte one
 * more than itself, or, backwards, 256 less that. The lesser code comes first. All keys that agree further count as equal.
 */
const LAST_OFFSET = 2 ** 21 - 1
const OFFSET_SHIFT = 9
const END_OF_KEY = 0
const GREATEST_BYTE = 256
/** The code of a child that has come to its end. */
const ENDED = 2 ** 30

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
  /** How many bytes the user keys of the current entry and of the one that was left by `next` or `prev` share; else 0. */
  shared = 0

  readonly #children: readonly InternalIterator[]
  /** Plain arrays, these two: most mergers give a few entries and are dropped, and a typed array takes long to make. */
  readonly #codes: number[]
  /** `#losers[1 … n - 1]` are the games; child i starts from position n + i, and position p plays on at p / 2. */
  readonly #losers: number[]
  #winner = 0
  #direction = FORWARD
  /** The current user key. */
  readonly #last = new ByteBuffer()
  readonly #turnKey = new ByteBuffer()
  #turning = false

  constructor(children: readonly InternalIterator[]) {
    this.#children = children
    this.#codes = children.map(() => 0)
    this.#losers = children.map(() => 0)
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
    return this.#replay(this.#children[this.#winner].next())
  }

  prev(): Move {
    if (this.#direction !== REVERSE || this.#turning) return this.#turn(REVERSE)
    return this.#replay(this.#children[this.#winner].prev())
  }

  /** Starts an absolute move, which forgets anything unfinished. */
  #begin(direction: number): void {
    this.#direction = direction
    this.#turning = false
  }

  /** Notes where a child has come to, as seen from before all keys; says whether it missed. */
  #arrive(child: number, move: Move): boolean {
    this.#codes[child] = move === END ? ENDED : move === VALID ? this.#code(child, 0) : 0
    return move === MISS
  }

  #turn(direction: number): Move {
    if (!this.#turning) {
      this.#turnKey.assign(this.key, this.keyStart, this.keyEnd)
      this.#turning = true
    }
    this.#direction = direction
    let missed = false
    for (let i = 0; i < this.#children.length; i++) {
      if (i === this.#winner) continue
      const move = direction === FORWARD ? this.#after(this.#children[i]) : this.#before(this.#children[i])
      missed = this.#arrive(i, move) || missed
    }
    if (missed) return MISS
    const child = this.#children[this.#winner]
    if (this.#arrive(this.#winner, direction === FORWARD ? child.next() : child.prev())) return MISS
    this.#turning = false
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

  /** Plays the games of the child that has moved. */
  #replay(move: Move): Move {
    if (move === MISS) return MISS
    const losers = this.#losers
    let winner = this.#winner
    this.#codes[winner] = move === END ? ENDED : this.#code(winner, this.#sharedWithLast(winner))
    for (let at = (winner + losers.length) >> 1; at > 0; at >>= 1) {
      const loser = losers[at]
      if (!this.#precedes(loser, winner)) continue
      losers[at] = winner
      winner = loser
    }
    this.#winner = winner
    return this.#show()
  }

  /** Plays all games. */
  #order(): Move {
    this.#last.length = 0
    this.#winner = this.#children.length > 1 ? this.#play(1) : 0
    return this.#show()
  }

  /** Plays the game at a position and those below it; returns who wins it. */
  #play(at: number): number {
    const count = this.#children.length
    if (at >= count) return at - count
    const left = this.#play(2 * at)
    const right = this.#play(2 * at + 1)
    const leftWins = this.#precedes(left, right)
    this.#losers[at] = leftWins ? right : left
    return leftWins ? left : right
  }

  #show(): Move {
    const code = this.#winner < this.#codes.length ? this.#codes[this.#winner] : ENDED
    if (code === ENDED) return END
    const child = this.#children[this.#winner]
    this.key = child.key
    this.keyStart = child.keyStart
    this.keyEnd = child.keyEnd
    this.value = child.value
    this.valueStart = child.valueStart
    this.valueEnd = child.valueEnd
    this.shared = code >= 1 << OFFSET_SHIFT ? offsetOf(code) : this.#sharedWithLast(this.#winner)
    // Neighbours share much: only the rest is copied.
    this.#last.length = this.shared
    this.#last.append(this.key, this.keyStart + this.shared, this.keyEnd - TAG_SIZE)
    return VALID
  }

  #precedes(left: number, right: number): boolean {
    const code = this.#codes[left]
    const other = this.#codes[right]
    return code === other ? this.#decide(left, right, code) : code < other
  }

  /** A game between equal codes: compares the keys from there on. The loser's code then refers to the one that wins. */
  #decide(left: number, right: number, code: number): boolean {
    if (code === ENDED) return left < right
    const a = this.#children[left]
    const b = this.#children[right]
    const aLength = a.keyEnd - TAG_SIZE - a.keyStart
    const bLength = b.keyEnd - TAG_SIZE - b.keyStart
    const limit = aLength < bLength ? aLength : bLength
    let shared = offsetOf(code)
    while (shared < limit && a.key[a.keyStart + shared] === b.key[b.keyStart + shared]) shared++
    let order = aLength - bLength
    if (shared < limit) order = a.key[a.keyStart + shared] - b.key[b.keyStart + shared]
    else if (order === 0) order = compareTags(a.key, a.keyEnd, b.key, b.keyEnd)
    const leftWins = order === 0 ? left < right : order < 0 === this.#direction > 0
    const loser = leftWins ? right : left
    this.#codes[loser] = this.#code(loser, shared)
    return leftWins
  }

  /** The code of a child's key that agrees with another one up to `shared`. */
  #code(child: number, shared: number): number {
    if (shared >= LAST_OFFSET) return 0
    const { key, keyStart, keyEnd } = this.#children[child]
    const byte = keyStart + shared < keyEnd - TAG_SIZE ? key[keyStart + shared] + 1 : END_OF_KEY
    return ((LAST_OFFSET - shared) << OFFSET_SHIFT) | (this.#direction > 0 ? byte : GREATEST_BYTE - byte)
  }

  #sharedWithLast(child: number): number {
    const { key, keyStart, keyEnd } = this.#children[child]
    return sharedPrefixLength(this.#last.bytes, 0, this.#last.length, key, keyStart, keyEnd - TAG_SIZE)
  }
}

/** Where the key of a code differs from the one that the code refers to. */
function offsetOf(code: number): number {
  return LAST_OFFSET - (code >> OFFSET_SHIFT)
}
