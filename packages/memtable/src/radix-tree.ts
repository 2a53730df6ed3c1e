/**
 * Which entry is the newest of a key: an adaptive radix tree over the bytes of user keys.
 *
 * Each node decides by one byte of the key, and only where keys differ; runs of bytes without a decision take no
 * space. They are not stored in the nodes either: a descent skips them and compares with the whole key of the leaf that
 * it arrives at, which is in the arena anyway. So paths are compressed without a limit, and a look-up
 * costs one or two cache misses more than the entry itself, however many entries there are.
 *
 * 1. Depths grow along a path. All keys below a node of depth d share their first d bytes.
 * 2. A node has at least two things below it: two children, or a child and a key that ends at the node.
 * 3. A leaf is the newest entry of its key; older versions hang on it in a chain. Other leaves that a node names as
 *    representatives may have been superseded since: they are used for their key only.
 * 4. An insertion takes memory before it changes anything, and takes at most one node.
 *
 * **Memory.** All nodes ever made take at most {@link NODE_BYTES_PER_KEY} bytes per key. Every key after the first adds one to
 * the number of things below exactly one node, a new node starting with two. Charge a node's memory, in all its sizes so far,
 * to the keys that it gained beyond its first: 32 bytes for the first of them; 32 + 96 when it has 5 children,
 * thanks to 4 keys at least; 32 + 96 + 256 at 17, thanks to 16; 32 + 96 + 256 + 1056 at 52, thanks to 51. That is 32, 32, 24
 * and 28.3 bytes a key. Memory of outgrown nodes is used again, which can only help.
 */
import { TAG_SIZE, tagSequence } from '@lsm/base'

import type { Arena } from './arena.ts'
import { KEY_LENGTH, keyStart, OLDER, sharedKeyLength, sharedLength } from './entry.ts'
import {
  addChild,
  clearNode,
  copyInto,
  DEPTH,
  endSlot,
  findChild,
  isFull,
  LEAF,
  leafReference,
  NODE,
  NODE4,
  NODE_WORDS,
  nodeKind,
  nodeReference,
  setEnd,
} from './radix-node.ts'

/** The most bytes that nodes take per key; proved at the head of this file. */
export const NODE_BYTES_PER_KEY = 32

/**
 * The node above the root, at the start of the arena: it has one child, which is the root or 0. With it, every
 * reference has a word that it can be replaced in.
 */
export const ABOVE_ROOT = 0
const ROOT = 4

/** See the head of this file. */
export class RadixTree {
  /** Distinct keys. */
  keys = 0
  readonly #arena: Arena
  readonly #words: Int32Array
  readonly #bytes: Uint8Array
  /** For each kind, the first outgrown node; it holds the offset of the next. */
  readonly #outgrown: Int32Array = new Int32Array(NODE_WORDS.length)

  constructor(arena: Arena) {
    this.#arena = arena
    this.#words = arena.words
    this.#bytes = arena.bytes
  }

  /** Makes the empty tree in an arena that is new or was reset. */
  clear(): void {
    this.keys = 0
    this.#outgrown.fill(0)
    clearNode(this.#words, ABOVE_ROOT, NODE4, 0, 0)
    addChild(this.#words, ABOVE_ROOT, 0, 0)
  }

  /** The newest entry of the user key `key[0, length)`, 0 if there is none. */
  find(key: Uint8Array, length: number): number {
    const words = this.#words
    let reference = words[ROOT]
    while ((reference & NODE) !== 0) {
      const slot = findStep(words, reference >>> 1, key, 0, length)
      if (slot === 0) return 0
      reference = words[slot]
    }
    const entry = reference >>> 1
    if (entry === 0 || words[entry + KEY_LENGTH] !== length) return 0
    return sharedLength(words, this.#bytes, entry, key, 0, length) === length ? entry : 0
  }

  /** An entry whose key shares as many leading bytes with a user key as any does; 0 if the tree is empty. */
  nearest(key: Uint8Array, start: number, end: number): number {
    const words = this.#words
    let reference = words[ROOT]
    while ((reference & NODE) !== 0) {
      const node = reference >>> 1
      const slot = findStep(words, node, key, start, end)
      reference = words[slot === 0 ? node + LEAF : slot]
    }
    return reference >>> 1
  }

  /** Takes in an entry that lies in the arena: as the newest of its key, which it must be. */
  insert(entry: number): void {
    const words = this.#words
    const bytes = this.#bytes
    const key = keyStart(entry)
    const end = key + words[entry + KEY_LENGTH]
    let edge = ROOT
    let reference = words[ROOT]
    let known = 0 // leading bytes that all keys below are known to share with this one
    let depth = -1
    let skipped = false
    while ((reference & NODE) !== 0) {
      const node = reference >>> 1
      depth = words[node + DEPTH]
      if (depth > known && !skipped) {
        // The first skip is checked at once: it is near the root, where few leaves represent, and they are in the cache.
        const other = words[node + LEAF] >>> 1
        known = sharedKeyLength(words, bytes, entry, other, known)
        if (known < depth) return this.#split(edge, entry, other, known)
        known = depth
        skipped = true
      }
      const slot = findStep(words, node, bytes, key, end)
      if (slot === 0) {
        if (depth === known) return this.#extend(edge, node, entry, depth)
        return this.#branch(entry, words[node + LEAF] >>> 1, known)
      }
      if (depth === known) known++
      edge = slot
      reference = words[slot]
    }
    this.#meet(edge, entry, reference >>> 1, known, depth)
  }

  /** The descent ended at a leaf, below a node of some depth. Is it the same key? */
  #meet(edge: number, entry: number, other: number, known: number, depth: number): void {
    const words = this.#words
    if (other === 0) {
      words[edge] = leafReference(entry)
      this.keys++
      return
    }
    const length = words[entry + KEY_LENGTH]
    const shared = known > length ? length : sharedKeyLength(words, this.#bytes, entry, other, known)
    if (shared === length && shared === words[other + KEY_LENGTH]) return this.#supersede(edge, entry, other)
    if (shared > depth) return this.#split(edge, entry, other, shared)
    this.#branch(entry, other, shared)
  }

  /** Puts a newer version before an older one. */
  #supersede(edge: number, entry: number, older: number): void {
    const end = this.#words[entry + KEY_LENGTH] + TAG_SIZE
    const sequence = tagSequence(this.#bytes, keyStart(entry) + end)
    if (sequence <= tagSequence(this.#bytes, keyStart(older) + end)) {
      throw new TypeError(`sequence numbers of a key must ascend: ${sequence}`)
    }
    this.#words[entry + OLDER] = older
    this.#words[edge] = leafReference(entry)
  }

  /**
   * Goes down anew, after a skip turned out wrong: to the place for an entry whose key shares more bytes with that of
   * `other` than with those of all leaves on other paths, `known` of them surely.
   */
  #branch(entry: number, other: number, known: number): void {
    const words = this.#words
    const key = keyStart(entry)
    const shared = sharedKeyLength(words, this.#bytes, entry, other, known)
    let edge = ROOT
    let reference = words[ROOT]
    while ((reference & NODE) !== 0) {
      const node = reference >>> 1
      const depth = words[node + DEPTH]
      if (depth === shared) return this.#extend(edge, node, entry, shared)
      if (depth > shared) break
      edge = findChild(words, node, this.#bytes[key + depth])
      reference = words[edge]
    }
    this.#split(edge, entry, other, shared)
  }

  /** Puts a node of depth `shared` where `edge` refers to, with what was there and the entry below it. */
  #split(edge: number, entry: number, other: number, shared: number): void {
    const words = this.#words
    const node = this.#allocate(NODE4)
    clearNode(words, node, NODE4, shared, leafReference(entry))
    this.#hang(node, other, words[edge], shared)
    this.#hang(node, entry, leafReference(entry), shared)
    words[edge] = nodeReference(node)
    this.keys++
  }

  /** Adds the entry to a node that `edge` refers to, in a larger node if it is full. */
  #extend(edge: number, node: number, entry: number, depth: number): void {
    const words = this.#words
    if (words[entry + KEY_LENGTH] > depth && isFull(words, node)) {
      const kind = nodeKind(words, node)
      const larger = this.#allocate(kind + 1)
      clearNode(words, larger, kind + 1, depth, words[node + LEAF])
      copyInto(words, node, larger)
      words[edge] = nodeReference(larger)
      words[node] = this.#outgrown[kind]
      this.#outgrown[kind] = node
      node = larger
    }
    this.#hang(node, entry, leafReference(entry), depth)
    this.keys++
  }

  /** Hangs a reference below a node, where the key of `entry` says. */
  #hang(node: number, entry: number, reference: number, depth: number): void {
    const words = this.#words
    if (words[entry + KEY_LENGTH] === depth) setEnd(words, node, reference)
    else addChild(words, node, this.#bytes[keyStart(entry) + depth], reference)
  }

  #allocate(kind: number): number {
    const node = this.#outgrown[kind]
    if (node === 0) return this.#arena.allocateNode(NODE_WORDS[kind])
    this.#outgrown[kind] = this.#words[node]
    return node
  }
}

/** The word that holds what comes next on the way to a key, 0 if there is nothing. */
function findStep(words: Int32Array, node: number, key: Uint8Array, start: number, end: number): number {
  const at = start + words[node + DEPTH]
  if (at < end) return findChild(words, node, key[at])
  return at === end ? endSlot(words, node) : 0
}
