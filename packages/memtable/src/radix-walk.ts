/**
 * The leaves of the tree in order, from anywhere, in both directions.
 *
 * A walk is placed beside a key and then collects as many leaves as wanted, touching tree nodes only. The entries are read
 * afterwards, in one loop, so that the processor waits for many cache misses at a time instead of one after the other.
 *
 *     stack: (node, slot) for each node on the path; the slot is the one visited last.
 *     slot -1 is the key that ends at the node; 0, 1, … are the words of children.
 *
 * 1. A placed walk is good until the tree changes; place it anew for each batch.
 * 2. The bottom of the stack is the node above the root, so that every reference on the path is in some slot.
 */
import { ABOVE_ROOT, type RadixTree } from './radix-tree.ts'
import { KEY_LENGTH, keyStart, sharedLength } from './entry.ts'
import { childWords, DEPTH, endSlot, findChild, firstChild, NODE, rankOf } from './radix-node.ts'

/** In the order of keys. */
export const FORWARD = 1
/** Against it. */
export const REVERSE = -1

/** The slot of the key that ends at a node. */
const END_SLOT = -1

/** See the head of this file. */
export class RadixWalk {
  /** The entries that the last {@link RadixWalk.collect} found, in the direction of the walk. */
  readonly leaves: number[] = []
  readonly #tree: RadixTree
  readonly #words: Int32Array
  readonly #bytes: Uint8Array
  readonly #stack: number[] = []
  #top = 0

  constructor(tree: RadixTree, words: Int32Array, bytes: Uint8Array) {
    this.#tree = tree
    this.#words = words
    this.#bytes = bytes
  }

  /** Places the walk before the first leaf, or behind the last one. */
  placeAtEdge(direction: number): void {
    this.#top = 0
    this.#push(ABOVE_ROOT, direction === FORWARD ? END_SLOT : 1)
  }

  /**
   * Places the walk at a user key: forward it begins with the key itself if `inclusive`, else with the first after it; in
   * reverse with the last before it.
   *
   * @returns whether the tree has that key.
   */
  place(direction: number, inclusive: boolean, key: Uint8Array, start: number, end: number): boolean {
    this.#top = 0
    const entry = this.#tree.nearest(key, start, end)
    if (entry === 0) return false
    const words = this.#words
    const shared = sharedLength(words, this.#bytes, entry, key, start, end)
    const exact = shared === end - start && shared === words[entry + KEY_LENGTH]
    const side = exact ? (inclusive ? FORWARD : 0) : this.#side(entry, shared, key, start, end)
    this.#descend(direction, side, shared, key, start, end)
    return exact
  }

  /** Collects at most `limit` leaves on from where the walk is, and returns how many there were. */
  collect(direction: number, limit: number): number {
    const words = this.#words
    const leaves = this.leaves
    let count = 0
    while (this.#top > 0) {
      const node = this.#stack[this.#top - 2]
      const first = firstChild(words, node)
      const size = childWords(words, node)
      let slot = this.#stack[this.#top - 1] + direction
      let below = 0
      for (; slot >= END_SLOT && slot < size && count < limit; slot += direction) {
        const word = slot === END_SLOT ? endSlot(words, node) : first + slot
        const reference = word === 0 ? 0 : words[word]
        if ((reference & NODE) !== 0) {
          below = reference >>> 1
          break
        }
        if (reference !== 0) leaves[count++] = reference >>> 1
      }
      if (below !== 0) {
        this.#stack[this.#top - 1] = slot
        this.#push(below, direction === FORWARD ? END_SLOT - 1 : childWords(words, below))
      } else if (count === limit) {
        this.#stack[this.#top - 1] = slot - direction
        return count
      } else this.#top -= 2
    }
    return count
  }

  /**
   * Goes down along a key as far as any key in the tree shares it. What lies there is visited if it is on the side that
   * the direction leads to.
   */
  #descend(direction: number, side: number, shared: number, key: Uint8Array, start: number, end: number): void {
    const words = this.#words
    this.#push(ABOVE_ROOT, 0)
    let reference = words[firstChild(words, ABOVE_ROOT)]
    while ((reference & NODE) !== 0) {
      const node = reference >>> 1
      const depth = words[node + DEPTH]
      if (depth > shared) break
      if (start + depth === end) {
        this.#push(node, END_SLOT)
        break
      }
      const word = findChild(words, node, key[start + depth])
      if (word === 0) {
        const rank = rankOf(words, node, key[start + depth])
        this.#push(node, direction === FORWARD ? rank - 1 : rank)
        return
      }
      this.#push(node, word - firstChild(words, node))
      reference = words[word]
    }
    if (side === direction) this.#stack[this.#top - 1] -= direction
  }

  /** On which side of a key another key lies, with all keys that share more than `shared` bytes with it. */
  #side(entry: number, shared: number, key: Uint8Array, start: number, end: number): number {
    if (shared === end - start) return FORWARD
    if (shared === this.#words[entry + KEY_LENGTH]) return REVERSE
    return this.#bytes[keyStart(entry) + shared] > key[start + shared] ? FORWARD : REVERSE
  }

  #push(node: number, slot: number): void {
    this.#stack[this.#top] = node
    this.#stack[this.#top + 1] = slot
    this.#top += 2
  }
}
