import { END, internalKey, MISS, ReadContext, TYPE_DELETION, TYPE_VALUE, VALID } from '@lsm/base'
import { ArrayIterator, compareKeys, Random, testSeed, type Entry } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import type { Bound, KeyRange } from './key-range.ts'
import { visibleIterator, type VisibleIterator } from './visible-iterator.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (array: Uint8Array, start: number, end: number): string =>
  new TextDecoder().decode(array.slice(start, end))

/** `a9=x` is key a with value x at sequence 9; `a9-` a deletion. */
function parse(script: string): Entry[] {
  const entries = script
    .split(' ')
    .filter(Boolean)
    .map(word => {
      const [, user, sequence, value] = /^([a-z]*)(\d+)(?:-|=(.*))$/.exec(word)!
      const type = value === undefined ? TYPE_DELETION : TYPE_VALUE
      return { key: internalKey(bytes(user), Number(sequence), type), value: bytes(value ?? '') }
    })
  return entries.sort((a, b) => compareKeys(a.key, b.key))
}

/** `[b, d)` and the like; nothing at a side is no bound. */
function parseRange(script: string): KeyRange {
  const [, open, lower, upper, close] = /^([[(])([a-z]*),([a-z]*)([\])])$/.exec(script)!
  const bound = (key: string, included: boolean): Bound | undefined =>
    key === '' ? undefined : { key: bytes(key), included }
  return { lower: bound(lower, open === '['), upper: bound(upper, close === ']') }
}

/** Walks to the end through all misses. */
function walk(iterator: VisibleIterator, context: ReadContext): string {
  const found: string[] = []
  for (;;) {
    let move = iterator.advance()
    for (; move === MISS; move = iterator.advance()) context.loadSync()
    context.release()
    if (move === END) return found.join(' ')
    expect(move).toBe(VALID)
    const key = text(iterator.key, iterator.keyStart, iterator.keyEnd)
    found.push(`${key}=${text(iterator.value, iterator.valueStart, iterator.valueEnd)}`)
  }
}

const cases: [string, string, number, string, string][] = [
  ['nothing', '', 9, '(,)', ''],
  ['newest visible versions', 'a9=x a5=y b8- b2=z c7=w d3=v', 8, '(,)', 'a=y c=w d=v'],
  ['everything is too new', 'a9=x b9=y', 8, '(,)', ''],
  ['all deleted', 'a2- a1=x b4- b3=y', 9, '(,)', ''],
  ['a deletion that is too new', 'a9- a5=x', 8, '(,)', 'a=x'],
  ['written again after a deletion', 'a9=z a8- a7=y', 9, '(,)', 'a=z'],
  ['the empty key', '5=e a4=x', 9, '(,)', '=e a=x'],
  ['included bounds', 'a1=a b1=b c1=c d1=d', 9, '[b,c]', 'b=b c=c'],
  ['excluded bounds', 'a1=a b1=b c1=c d1=d', 9, '(a,d)', 'b=b c=c'],
  ['bounds that are not there', 'a1=a c1=c e1=e', 9, '[b,d]', 'c=c'],
  ['bounds with many versions', 'b9=x b5=y b1=z c9- c5=y', 9, '(b,c]', ''],
  ['included bounds with many versions', 'b9=x b5=y b1=z c9=q c5=y', 5, '[b,c]', 'b=y c=y'],
  ['an empty range', 'a1=a b1=b', 9, '(a,a)', ''],
  ['bounds the wrong way round', 'a1=a b1=b c1=c', 9, '[c,a]', ''],
  ['sequence 0', 'a0=x b0-', 0, '(,)', 'a=x'],
  ['a deletion of sequence 0 at an included bound', 'a1=x b0-', 5, '(,b]', 'a=x'],
]

describe.each(['resident', 'missing'])('visible entries, %s', how => {
  test.each(cases)('%s', (_, entries, sequence, range, expected) => {
    for (const reverse of [false, true]) {
      const context = new ReadContext()
      const source = new ArrayIterator(parse(entries), how === 'missing' ? context : undefined)
      const iterator = visibleIterator(source, sequence, parseRange(range), reverse)
      const inOrder = reverse ? expected.split(' ').toReversed().join(' ') : expected
      expect(walk(iterator, context), reverse ? 'in reverse' : 'forwards').toBe(inOrder)
      iterator.rewind()
      expect(walk(iterator, context), 'rewound').toBe(inOrder)
    }
  })
})

test.each([
  ['b', '(,)', 'b c d', 'b a'],
  ['bb', '(,)', 'c d', 'b a'],
  ['a', '[b,c]', '', 'c b'],
  ['d', '[b,c]', '', ''],
  ['z', '(,)', '', 'd c b a'],
])('seek to %s within %s', (target, range, forwards, backwards) => {
  const entries = parse('a1=a b2=b b1=x c1=c d1=d')
  const context = new ReadContext()
  for (const reverse of [false, true]) {
    const iterator = visibleIterator(new ArrayIterator(entries, context), 9, parseRange(range), reverse)
    iterator.seek(bytes(target))
    const keys = walk(iterator, context).replaceAll(/=\w*/g, '')
    const outside = reverse && target === 'a' && range !== '(,)'
    expect(keys).toBe(reverse ? (outside ? '' : backwards) : forwards)
  }
})

test('a long stretch of deleted keys pauses, lacking nothing, and goes on', () => {
  const entries: Entry[] = Array.from({ length: 50_000 }, (_, i) => ({
    key: internalKey(bytes(String(i).padStart(6, '0')), i + 1, TYPE_DELETION),
    value: new Uint8Array(0),
  }))
  entries.push({ key: internalKey(bytes('x'), 60_000, TYPE_VALUE), value: bytes('end') })
  for (const reverse of [false, true]) {
    const iterator = visibleIterator(
      new ArrayIterator(entries),
      70_000,
      { lower: undefined, upper: undefined },
      reverse,
    )
    let pauses = 0
    const context = new ReadContext()
    const keys: string[] = []
    for (let move = iterator.advance(); move !== END; move = iterator.advance()) {
      if (move === MISS) pauses++
      else keys.push(text(iterator.key, iterator.keyStart, iterator.keyEnd))
      expect(context.lacking).toBe(false)
    }
    expect(keys).toEqual(['x'])
    expect(pauses).toBeGreaterThan(3)
  }
})

test('random entries, ranges and sequences are what a map says', () => {
  const random = new Random(testSeed(77))
  for (let round = 0; round < 300; round++) {
    const words = Array.from({ length: random.below(30) }, (_, i) => {
      const user = random.pick(['', 'a', 'ab', 'b', 'c', 'cc', 'd'])
      return `${user}${i + 1}${random.oneIn(4) ? '-' : `=${i}`}`
    })
    const [lower, upper] = [random.pick(['', 'a', 'b', 'bb', 'd']), random.pick(['', 'a', 'b', 'cb', 'd'])]
    const range = parseRange(`${random.pick(['[', '('])}${lower},${upper}${random.pick([']', ')'])}`)
    const sequence = random.below(32)
    const newest = new Map<string, string | undefined>()
    for (const word of words) {
      const [, user, at, value] = /^([a-z]*)(\d+)(?:-|=(.*))$/.exec(word)!
      if (Number(at) <= sequence) newest.set(user, value)
    }
    const inside = (key: string): boolean =>
      (range.lower === undefined || (range.lower.included ? key >= lower : key > lower)) &&
      (range.upper === undefined || (range.upper.included ? key <= upper : key < upper))
    const expected = [...newest]
      .filter(([key, value]) => value !== undefined && inside(key))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => `${key}=${value}`)
    for (const reverse of [false, true]) {
      const context = new ReadContext()
      const source = new ArrayIterator(parse(words.join(' ')), random.oneIn(2) ? context : undefined)
      const found = walk(visibleIterator(source, sequence, range, reverse), context)
      expect(found, `round ${round}, seed ${random.seed}`).toBe((reverse ? expected.toReversed() : expected).join(' '))
    }
  }
})
