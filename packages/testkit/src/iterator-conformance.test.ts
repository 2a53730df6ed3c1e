import { END, mergeIterators, MergingIterator, ReadContext } from '@lsm/base'
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
