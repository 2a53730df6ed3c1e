import { END, internalKey, mergeIterators, MergingIterator, ReadContext, TYPE_VALUE, VALID } from '@lsm/base'
import { expect, test } from 'vitest'

import { ArrayIterator, type Entry } from './entries.ts'
import { iteratorConformance } from './iterator-conformance.ts'
import { Random } from './random.ts'

iteratorConformance('an array', entries => ({ iterator: new ArrayIterator(entries) }))
iteratorConformance('an array that misses', entries => {
  const context = new ReadContext()
  return { iterator: new ArrayIterator(entries, context), context }
})

for (const ways of [1, 2, 5, 16]) {
  iteratorConformance(`a merge of ${ways}`, entries => ({
    iterator: new MergingIterator(deal(entries, ways).map(part => new ArrayIterator(part))),
  }))
  iteratorConformance(`a merge of ${ways} that miss`, entries => {
    const context = new ReadContext()
    const children = deal(entries, ways).map(part => new ArrayIterator(part, context))
    return { iterator: new MergingIterator(children), context }
  })
}

test('a single child is handed back as it is', () => {
  const child = new ArrayIterator([])
  expect(mergeIterators([child])).toBe(child)
  expect(mergeIterators([]).seekToFirst()).toBe(END)
})

test('a merge of keys that agree in more bytes than its codes can say', () => {
  const shared = 2 ** 21
  const keys = [0, 1, 2, 3, 4, 5].map(extra => internalKey(new Uint8Array(shared + extra).fill(1), 9, TYPE_VALUE))
  const children = [0, 1, 2].map(
    part => new ArrayIterator(keys.filter((_, i) => i % 3 === part).map(key => ({ key, value: new Uint8Array() }))),
  )
  const merged = new MergingIterator(children)
  const lengths: number[] = []
  for (let move = merged.seekToFirst(); move === VALID; move = merged.next())
    lengths.push(merged.keyEnd - merged.keyStart)
  for (let move = merged.seekToLast(); move === VALID; move = merged.prev())
    lengths.push(merged.keyEnd - merged.keyStart)
  const expected = keys.map(key => key.length)
  expect(lengths).toEqual([...expected, ...expected.toReversed()])
})

/** Deals entries out at random, so that some parts are empty and some hold runs. */
function deal(entries: readonly Entry[], ways: number): Entry[][] {
  const random = new Random(ways)
  const parts: Entry[][] = Array.from({ length: ways }, () => [])
  let part = 0
  for (const entry of entries) {
    if (random.oneIn(3)) part = random.below(ways)
    parts[part].push(entry)
  }
  return parts
}
