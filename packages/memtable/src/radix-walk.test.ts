import { compareBytes, TYPE_VALUE } from '@lsm/base'
import { Random, testSeed } from '@lsm/testkit'
import { expect, test } from 'vitest'

import { Arena } from './arena.ts'
import { ENTRY_OVERHEAD, KEY_LENGTH, keyStart } from './entry.ts'
import { RadixTree } from './radix-tree.ts'
import { FORWARD, RadixWalk, REVERSE } from './radix-walk.ts'

test.each([0, 1, 2, 5, 60, 250])('a walk over %i keys starts anywhere and goes both ways', count => {
  const random = new Random(testSeed(50 + count))
  const arena = new Arena(new SharedArrayBuffer(1 << 17), 0, 1 << 17)
  const tree = new RadixTree(arena)
  tree.clear()
  const keys = distinctKeys(random, count)
  for (const key of random.shuffle([...keys])) insert(tree, arena, key)
  const walk = new RadixWalk(tree, arena.words, arena.bytes)

  walk.placeAtEdge(FORWARD)
  expect(rest(walk, arena, FORWARD, random)).toBe(text(keys))
  walk.placeAtEdge(REVERSE)
  expect(rest(walk, arena, REVERSE, random)).toBe(text(keys.toReversed()))
  for (const key of [...keys, ...distinctKeys(random, 150)]) {
    const exact = keys.some(other => compare(other, key) === 0)
    expect(walk.place(FORWARD, true, key, 0, key.length)).toBe(exact)
    expect(rest(walk, arena, FORWARD, random)).toBe(text(keys.filter(other => compare(other, key) >= 0)))
    expect(walk.place(FORWARD, false, key, 0, key.length)).toBe(exact)
    expect(rest(walk, arena, FORWARD, random)).toBe(text(keys.filter(other => compare(other, key) > 0)))
    expect(walk.place(REVERSE, false, key, 0, key.length)).toBe(exact)
    expect(rest(walk, arena, REVERSE, random)).toBe(text(keys.filter(other => compare(other, key) < 0).toReversed()))
  }
})

/** Keys in order: short ones over few bytes, some long with shared beginnings, some wide. */
function distinctKeys(random: Random, count: number): Uint8Array[] {
  const keys = new Map<string, Uint8Array>()
  while (keys.size < count) {
    const key = random.oneIn(2) ? random.bytes(random.skewed(8), 3) : Uint8Array.of(0, 0, 1, ...random.bytes(2))
    keys.set(key.join(), key)
  }
  return [...keys.values()].sort(compare)
}

function insert(tree: RadixTree, arena: Arena, key: Uint8Array): void {
  const entry = arena.reserve(ENTRY_OVERHEAD + key.length)
  arena.words[entry + KEY_LENGTH] = key.length
  arena.bytes.set(key, keyStart(entry))
  arena.bytes[keyStart(entry) + key.length] = TYPE_VALUE
  tree.insert(entry)
  arena.commit()
}

/** The keys from where the walk is placed to the end, collected in batches of random size. */
function rest(walk: RadixWalk, arena: Arena, direction: number, random: Random): string {
  const keys: Uint8Array[] = []
  for (;;) {
    const limit = random.between(1, 40)
    const count = walk.collect(direction, limit)
    for (const leaf of walk.leaves.slice(0, count)) {
      keys.push(arena.bytes.slice(keyStart(leaf), keyStart(leaf) + arena.words[leaf + KEY_LENGTH]))
    }
    if (count < limit) return text(keys)
  }
}

function text(keys: readonly Uint8Array[]): string {
  return keys.join(' | ')
}

function compare(a: Uint8Array, b: Uint8Array): number {
  return compareBytes(a, 0, a.length, b, 0, b.length)
}
