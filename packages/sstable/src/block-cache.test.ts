import { Random, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { BLOCK_OVERHEAD, BlockCache, BlockSlots } from './block-cache.ts'

const SIZE = 1000
const COST = SIZE + BLOCK_OVERHEAD
const bytes = new Uint8Array(SIZE)

describe('block cache', () => {
  test('evicts the oldest block that was not visited', () => {
    const { cache, slots } = filled(3)
    slots.visited[0] = 1
    cache.insert(slots, 3, bytes)
    expect(resident(slots)).toEqual([0, 2, 3])
    cache.insert(slots, 4, bytes)
    expect(resident(slots)).toEqual([0, 3, 4])
  })

  test('spares a visited block once', () => {
    const { cache, slots } = filled(3)
    slots.visited.fill(1, 0, 3)
    cache.insert(slots, 3, bytes)
    expect(resident(slots)).toEqual([1, 2, 3])
    cache.insert(slots, 4, bytes)
    expect(resident(slots)).toEqual([2, 3, 4])
  })

  test('keeps what is visited while a scan passes through', () => {
    const { cache, slots } = filled(10, 1000)
    for (let block = 10; block < 1000; block++) {
      for (let hot = 0; hot < 5; hot++) slots.visited[hot] = 1
      cache.insert(slots, block, bytes)
    }
    expect(resident(slots).slice(0, 5)).toEqual([0, 1, 2, 3, 4])
  })

  test('gives up several blocks for a large one, and takes none that is larger than itself', () => {
    const { cache, slots } = filled(3)
    cache.insert(slots, 3, new Uint8Array(3 * COST - BLOCK_OVERHEAD + 1))
    expect(resident(slots)).toEqual([0, 1, 2])
    cache.insert(slots, 3, new Uint8Array(2 * COST - BLOCK_OVERHEAD))
    expect(resident(slots)).toEqual([2, 3])
  })

  test('of no capacity keeps nothing', () => {
    const cache = new BlockCache(0)
    const slots = new BlockSlots(1)
    cache.insert(slots, 0, new Uint8Array(0))
    expect([cache.size, resident(slots)]).toEqual([0, []])
  })

  test('drops the blocks of one table, and takes no more of it', () => {
    const cache = new BlockCache(4 * COST)
    const [one, other] = [new BlockSlots(4), new BlockSlots(4)]
    for (const slots of [one, other, one, other])
      cache.insert(
        slots,
        slots.blocks.findIndex(b => b === undefined),
        bytes,
      )
    cache.drop(one)
    expect([cache.size, resident(one), resident(other)]).toEqual([2 * COST, [], [0, 1]])
    cache.insert(one, 0, bytes)
    expect(resident(one)).toEqual([])
    for (const block of [2, 3]) cache.insert(other, block, bytes)
    expect(resident(other)).toEqual([0, 1, 2, 3])
  })

  test('takes a block that is there already for the one it is', () => {
    const { cache, slots } = filled(2)
    cache.insert(slots, 1, new Uint8Array(SIZE))
    expect(cache.size).toBe(2 * COST)
    expect(slots.blocks[1]).toBe(bytes)
  })

  test('evicts what SIEVE says, and never exceeds its capacity, through any history', () => {
    const random = new Random(testSeed(51))
    for (let round = 0; round < 20; round++) {
      const capacity = random.between(0, 20 * COST)
      const cache = new BlockCache(capacity)
      const model = new Sieve(capacity)
      const tables = [new BlockSlots(50), new BlockSlots(50), new BlockSlots(50)]
      for (let step = 0; step < 2000; step++) {
        const table = random.below(tables.length)
        const block = random.skewed(50)
        const slots = tables[table]
        if (random.oneIn(400)) {
          cache.drop(slots)
          model.drop(table)
          tables[table] = new BlockSlots(50)
        } else if (slots.blocks[block] !== undefined) {
          slots.visited[block] = 1
          model.visit(table, block)
        } else {
          const size = random.below(3000)
          cache.insert(slots, block, new Uint8Array(size))
          model.insert(table, block, size)
        }
        expect(cache.size, `seed ${random.seed}`).toBeLessThanOrEqual(capacity)
      }
      expect(tables.map(resident), `seed ${random.seed}`).toEqual(tables.map((_, table) => model.resident(table)))
      expect(cache.size).toBe(model.size)
    }
  })
})

/** A cache with room for so many blocks of one table, and these in it. */
function filled(count: number, blocks = 20): { cache: BlockCache; slots: BlockSlots } {
  const cache = new BlockCache(count * COST)
  const slots = new BlockSlots(blocks)
  for (let block = 0; block < count; block++) cache.insert(slots, block, bytes)
  return { cache, slots }
}

function resident(slots: BlockSlots): number[] {
  return [...slots.blocks.keys()].filter(block => slots.blocks[block] !== undefined)
}

/** SIEVE over an array, oldest first. */
class Sieve {
  readonly #capacity: number
  #queue: { table: number; block: number; cost: number; visited: boolean }[] = []
  #hand = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#queue.reduce((sum, { cost }) => sum + cost, 0)
  }

  visit(table: number, block: number): void {
    for (const item of this.#queue) if (item.table === table && item.block === block) item.visited = true
  }

  insert(table: number, block: number, size: number): void {
    const cost = size + BLOCK_OVERHEAD
    if (cost > this.#capacity) return
    while (this.size + cost > this.#capacity) this.#evict()
    this.#queue.push({ table, block, cost, visited: false })
  }

  drop(table: number): void {
    this.#hand = this.#queue.slice(0, this.#hand).filter(item => item.table !== table).length
    this.#queue = this.#queue.filter(item => item.table !== table)
    if (this.#hand === this.#queue.length) this.#hand = 0
  }

  resident(table: number): number[] {
    return this.#queue
      .filter(item => item.table === table)
      .map(({ block }) => block)
      .sort((a, b) => a - b)
  }

  #evict(): void {
    while (this.#queue[this.#hand].visited) {
      this.#queue[this.#hand].visited = false
      this.#hand = (this.#hand + 1) % this.#queue.length
    }
    this.#queue.splice(this.#hand, 1)
    if (this.#hand === this.#queue.length) this.#hand = 0
  }
}
