/**
 * Which blocks stay in memory.
 *
 * A block lies in a slot of its table, beside its index entry: to find it is to read an array. The cache only counts
 * bytes and decides what to give up. It follows SIEVE: a queue in order of arrival, and a hand that walks from the
 * oldest to the newest, spares what was visited since it last came by, and evicts the first that was not.
 *
 *     newest  o - o - o - o - o - o  oldest
 *                     ^ hand, moving to the left
 *
 * A hit thus costs an array read and a mark (2 to 4 ns), and one long scan does not empty the cache.
 *
 * 1. The bytes of all blocks in slots, with {@link BLOCK_OVERHEAD} each, never exceed the capacity.
 * 2. A block is in its slot exactly while it has a node in the queue.
 * 3. To evict is to empty the slot: the garbage collector keeps the bytes for an iterator that is still inside.
 *
 * Does not know files, keys, or what a block contains.
 */

/** What a block costs beside its bytes: the objects that hold them. */
export const BLOCK_OVERHEAD = 200

const NONE = -1

/** The slots of one table. Readers look into `blocks` themselves, and mark a hit in `visited`. */
export class BlockSlots {
  /** The resident blocks. Only the cache writes here. */
  readonly blocks: (Uint8Array | undefined)[]
  /** Set to 1 on every hit. */
  readonly visited: Uint8Array
  /** The queue node of each resident block. Only the cache uses it. */
  readonly nodes: Int32Array
  /** Whether the table was dropped: nothing is taken in any more. */
  dropped = false

  /** @param count - number of blocks in the table. */
  constructor(count: number) {
    this.blocks = Array.from({ length: count }, () => undefined)
    this.visited = new Uint8Array(count)
    this.nodes = new Int32Array(count).fill(NONE)
  }
}

/** Bounds the memory of resident blocks. One cache serves many tables. */
export class BlockCache {
  /** Bytes that resident blocks may take. */
  readonly capacity: number
  /** Reads that found their block resident. Counted by the tables. */
  hits = 0
  /** Blocks that were loaded. Counted by the tables. */
  misses = 0
  #size = 0
  #newest = NONE
  #oldest = NONE
  #hand = NONE
  #free = NONE
  #used = 0
  /** Of each node: the neighbour that is newer, the one that is older (or the next free node), and its block. */
  #newer: Int32Array = new Int32Array(64)
  #older: Int32Array = new Int32Array(64)
  #block: Int32Array = new Int32Array(64)
  readonly #slots: (BlockSlots | undefined)[] = []

  /** @param capacity - bytes; with 0 nothing stays resident. */
  constructor(capacity: number) {
    this.capacity = capacity
  }

  /** Bytes that resident blocks take now. */
  get size(): number {
    return this.#size
  }

  /** Takes in a loaded block, evicting others; one that is larger than the whole cache, or of a dropped table, is not taken. */
  insert(slots: BlockSlots, block: number, bytes: Uint8Array): void {
    const cost = bytes.length + BLOCK_OVERHEAD
    if (slots.dropped || cost > this.capacity || slots.blocks[block] !== undefined) return
    while (this.#size + cost > this.capacity) this.#evict()
    slots.blocks[block] = bytes
    slots.visited[block] = 0
    slots.nodes[block] = this.#link(slots, block)
    this.#size += cost
  }

  /** Gives up all blocks of a table, and takes no more of it. */
  drop(slots: BlockSlots): void {
    slots.dropped = true
    for (const node of slots.nodes) if (node !== NONE) this.#remove(node)
  }

  #evict(): void {
    let node = this.#hand === NONE ? this.#oldest : this.#hand
    while (this.#spares(node)) node = this.#newer[node] === NONE ? this.#oldest : this.#newer[node]
    this.#hand = node
    this.#remove(node)
  }

  /** Whether the hand leaves a node alone, which it does once for any number of visits. */
  #spares(node: number): boolean {
    const { visited } = this.#slots[node]!
    const block = this.#block[node]
    const spared = visited[block] === 1
    visited[block] = 0
    return spared
  }

  #remove(node: number): void {
    const slots = this.#slots[node]!
    const block = this.#block[node]
    this.#size -= slots.blocks[block]!.length + BLOCK_OVERHEAD
    slots.blocks[block] = undefined
    slots.nodes[block] = NONE
    this.#unlink(node)
  }

  /** Puts a new node at the newest end. */
  #link(slots: BlockSlots, block: number): number {
    const node = this.#take()
    this.#slots[node] = slots
    this.#block[node] = block
    this.#newer[node] = NONE
    this.#older[node] = this.#newest
    if (this.#newest === NONE) this.#oldest = node
    else this.#newer[this.#newest] = node
    this.#newest = node
    return node
  }

  /** Takes a node out of the queue; a hand that points at it moves on. */
  #unlink(node: number): void {
    const newer = this.#newer[node]
    const older = this.#older[node]
    if (this.#hand === node) this.#hand = newer
    if (newer === NONE) this.#newest = older
    else this.#older[newer] = older
    if (older === NONE) this.#oldest = newer
    else this.#newer[older] = newer
    this.#slots[node] = undefined
    this.#older[node] = this.#free
    this.#free = node
  }

  /** A node that is not in use. */
  #take(): number {
    const node = this.#free
    if (node !== NONE) {
      this.#free = this.#older[node]
      return node
    }
    if (this.#used === this.#block.length) this.#grow()
    return this.#used++
  }

  #grow(): void {
    this.#newer = doubled(this.#newer)
    this.#older = doubled(this.#older)
    this.#block = doubled(this.#block)
  }
}

function doubled(array: Int32Array): Int32Array {
  const copy = new Int32Array(2 * array.length)
  copy.set(array)
  return copy
}
