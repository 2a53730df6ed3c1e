/**
 * The inner nodes of the tree: four sizes of one thing, a map from a byte to a child, in order of the bytes.
 *
 *     word 0   kind, bits 0-1 | ENDS, bit 2 | number of children, from bit 3
 *     word 1   depth: which byte of a key chooses the child; all keys below share the bytes before it
 *     word 2   a leaf: with ENDS the key that ends here; else any leaf below, to know the shared bytes by
 *
 *     Node4      32 bytes = head | bytes, 1 word  | 4 children
 *     Node16     96 bytes = head | bytes, 4 words | 16 children | 1 word unused
 *     Node51    256 bytes = head | bitmap, 8 words | ranks, 2 words | 51 children
 *     Node256  1056 bytes = head | 256 children, 0 for none | 5 words unused
 *
 * A child is a reference: offset in words times two, plus 1 if it is a node and not a leaf.
 *
 * 1. Bytes and children stand in ascending order, without gaps (except in a Node256).
 * 2. Bytes are packed into words, lowest first, by arithmetic: the machine's byte order does not matter.
 *    Beyond the last one they are stale. A search finds the lowest equal byte, so it cannot be fooled by them.
 * 3. In a Node51 the children's bytes are the bits of the bitmap, and `ranks` holds, a byte each, how many bits are set
 *    before each of its words. Half the size of the usual 256 bytes of slot numbers, and one cache line to look in.
 * 4. Nodes hold 2-4, 5-16, 17-51 and 52-256 children, the key that ends here not counted: they grow and never shrink.
 */

/** Kinds of nodes; each grows into the next. */
export const NODE4 = 0
const NODE16 = 1
const NODE51 = 2
const NODE256 = 3
const KIND = 3

/** Bit of the head: a key ends at this node. */
const ENDS = 4
const COUNT_SHIFT = 3
const ONE_CHILD = 1 << COUNT_SHIFT

const HEAD = 0
/** Word of the depth. */
export const DEPTH = 1
/** Word of the leaf that ends here or represents. */
export const LEAF = 2
/** Packed bytes, or the bitmap. */
const BYTES = 3
const RANKS = BYTES + 8

const CHILDREN4 = BYTES + 1
const CHILDREN16 = BYTES + 4
const CHILDREN51 = RANKS + 2
const CHILDREN256 = BYTES

/** Bit of a reference: it is a node. */
export const NODE = 1

const FIRST_CHILD = Int32Array.of(CHILDREN4, CHILDREN16, CHILDREN51, CHILDREN256)
const ROOM = Int32Array.of(4, 16, 51, 256)
/** Words that each kind of node takes. */
export const NODE_WORDS: Int32Array = Int32Array.of(8, 24, 64, 264)

/** Bytes of the largest node: the most that one more key can cost at once. */
export const LARGEST_NODE: number = NODE_WORDS[NODE256] * 4

/** The reference to a leaf. */
export function leafReference(entry: number): number {
  return entry << 1
}

/** The reference to a node. */
export function nodeReference(node: number): number {
  return (node << 1) | NODE
}

/** The kind of a node. */
export function nodeKind(words: Int32Array, node: number): number {
  return words[node] & KIND
}

/** Whether there is no room for one more child. */
export function isFull(words: Int32Array, node: number): boolean {
  return words[node] >> COUNT_SHIFT === ROOM[words[node] & KIND]
}

/** The word that holds the first child. */
export function firstChild(words: Int32Array, node: number): number {
  return node + FIRST_CHILD[words[node] & KIND]
}

/** How many words hold children, empty ones of a Node256 included. */
export function childWords(words: Int32Array, node: number): number {
  const head = words[node]
  return (head & KIND) === NODE256 ? 256 : head >> COUNT_SHIFT
}

/** The word that holds the leaf of the key that ends at this node, 0 if none does. */
export function endSlot(words: Int32Array, node: number): number {
  return (words[node] & ENDS) === 0 ? 0 : node + LEAF
}

/** The word that holds the child for a byte, 0 if there is none. */
export function findChild(words: Int32Array, node: number, byte: number): number {
  const head = words[node]
  switch (head & KIND) {
    case NODE4: {
      const at = indexOfByte(words[node + BYTES], byte)
      return at < head >> COUNT_SHIFT ? node + CHILDREN4 + at : 0
    }
    case NODE16:
      return findAmong16(words, node, head >> COUNT_SHIFT, byte)
    case NODE51: {
      const bits = words[node + BYTES + (byte >> 5)]
      return (bits >>> (byte & 31)) & 1 ? node + CHILDREN51 + rankInBitmap(words, node, byte) : 0
    }
    default:
      return words[node + CHILDREN256 + byte] === 0 ? 0 : node + CHILDREN256 + byte
  }
}

/** How many children (in a Node256: words of children) come before a byte. */
export function rankOf(words: Int32Array, node: number, byte: number): number {
  const kind = words[node] & KIND
  if (kind === NODE256) return byte
  if (kind === NODE51) return rankInBitmap(words, node, byte)
  const count = words[node] >> COUNT_SHIFT
  let rank = 0
  while (rank < count && packedByte(words, node, rank) < byte) rank++
  return rank
}

/** Makes an empty node in memory that may be dirty. */
export function clearNode(words: Int32Array, node: number, kind: number, depth: number, leaf: number): void {
  words[node + HEAD] = kind
  words[node + DEPTH] = depth
  words[node + LEAF] = leaf
  if (kind >= NODE51) words.fill(0, node + BYTES, node + (kind === NODE51 ? CHILDREN51 : CHILDREN256 + 256))
}

/** Notes that a key ends at this node. */
export function setEnd(words: Int32Array, node: number, leaf: number): void {
  words[node + LEAF] = leaf
  words[node + HEAD] |= ENDS
}

/** Adds a child for a byte that has none, to a node that is not full. */
export function addChild(words: Int32Array, node: number, byte: number, child: number): void {
  const kind = words[node] & KIND
  if (kind === NODE256) words[node + CHILDREN256 + byte] = child
  else {
    const rank = rankOf(words, node, byte)
    const first = node + FIRST_CHILD[kind]
    for (let at = first + (words[node] >> COUNT_SHIFT); at > first + rank; at--) words[at] = words[at - 1]
    words[first + rank] = child
    if (kind === NODE51) setBit(words, node, byte)
    else insertByte(words, node + BYTES, kind === NODE4 ? 1 : 4, rank, byte)
  }
  words[node + HEAD] += ONE_CHILD
}

/** Copies a node into an empty one of the next kind. */
export function copyInto(words: Int32Array, node: number, larger: number): void {
  const head = words[node]
  const first = node + FIRST_CHILD[head & KIND]
  const count = head >> COUNT_SHIFT
  words[larger + HEAD] |= head & ~KIND
  if ((head & KIND) === NODE51) return spread(words, node, larger)
  const target = larger + FIRST_CHILD[words[larger] & KIND]
  for (let i = 0; i < count; i++) words[target + i] = words[first + i]
  if ((head & KIND) === NODE4) words[larger + BYTES] = words[node + BYTES]
  else for (let i = 0; i < count; i++) setBit(words, larger, packedByte(words, node, i))
}

/** Copies the children of a Node51 to where a Node256 has them. */
function spread(words: Int32Array, node: number, larger: number): void {
  let from = node + CHILDREN51
  for (let byte = 0; byte < 256; byte++) {
    if ((words[node + BYTES + (byte >> 5)] >>> (byte & 31)) & 1) words[larger + CHILDREN256 + byte] = words[from++]
  }
}

function findAmong16(words: Int32Array, node: number, count: number, byte: number): number {
  for (let base = 0, word = node + BYTES; base < count; base += 4, word++) {
    const at = indexOfByte(words[word], byte)
    if (at < 4) return base + at < count ? node + CHILDREN16 + base + at : 0
  }
  return 0
}

/** Which of the four bytes of a word is the first to be equal to a byte; 4 or more if none is. */
function indexOfByte(word: number, byte: number): number {
  const difference = word ^ Math.imul(byte, 0x0101_0101)
  // The lowest bit set marks the lowest zero byte; marks above it may be wrong and are not looked at.
  const zeros = (difference - 0x0101_0101) & ~difference & 0x8080_8080
  return zeros === 0 ? 256 : (31 - Math.clz32(zeros & -zeros)) >> 3
}

function packedByte(words: Int32Array, node: number, index: number): number {
  return (words[node + BYTES + (index >> 2)] >>> ((index & 3) << 3)) & 255
}

/** Inserts a byte among packed ones; the last of them falls out. */
function insertByte(words: Int32Array, first: number, count: number, index: number, byte: number): void {
  const shift = (index & 3) << 3
  const below = (1 << shift) - 1
  let at = first + (index >> 2)
  let carry = words[at] >>> 24
  words[at] = (words[at] & below) | (byte << shift) | ((words[at] & ~below) << 8)
  for (at++; at < first + count; at++) {
    const next = words[at] >>> 24
    words[at] = (words[at] << 8) | carry
    carry = next
  }
}

function setBit(words: Int32Array, node: number, byte: number): void {
  const word = byte >> 5
  words[node + BYTES + word] |= 1 << (byte & 31)
  for (let after = word + 1; after < 8; after++) words[node + RANKS + (after >> 2)] += 1 << ((after & 3) << 3)
}

/** How many bits of a Node51 are set before that of a byte. */
function rankInBitmap(words: Int32Array, node: number, byte: number): number {
  const word = byte >> 5
  const before = (words[node + RANKS + (word >> 2)] >>> ((word & 3) << 3)) & 255
  return before + countBits(words[node + BYTES + word] & ((1 << (byte & 31)) - 1))
}

function countBits(bits: number): number {
  const pairs = bits - ((bits >>> 1) & 0x5555_5555)
  const nibbles = (pairs & 0x3333_3333) + ((pairs >>> 2) & 0x3333_3333)
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24
}
