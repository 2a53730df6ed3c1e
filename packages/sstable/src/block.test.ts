import { END, internalKey, LsmError, VALID } from '@lsm/base'
import { compareKeys, iteratorConformance, Random, randomEntries, testSeed, type Entry } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { block, bytes, concat, entry, sameEntries } from '../test/support.ts'
import { BlockBuilder } from './block-builder.ts'
import { BEYOND, BlockIterator, NOTHING } from './block-iterator.ts'
import { BlockWalker } from './block-walker.ts'

/** The data block of a table that LevelDB wrote in 2012. */
const GOLDEN = bytes(
  `00 0b 00 'bar' 00 05 00 00 00 00 00 00
   03 08 03       01 02 00 00 00 00 00 00 'two'
   02 09 05  'z'  01 03 00 00 00 00 00 00 'three'
   00 0b 04 'foo' 01 04 00 00 00 00 00 00 'four'
   04 07 03          01 00 00 00 00 00 00 'one'
   00 00 00 00  01 00 00 00`,
)

const GOLDEN_ENTRIES: Entry[] = [
  { key: bytes("'bar' 00 05 00 00 00 00 00 00"), value: bytes('') },
  { key: bytes("'bar' 01 02 00 00 00 00 00 00"), value: bytes("'two'") },
  { key: bytes("'baz' 01 03 00 00 00 00 00 00"), value: bytes("'three'") },
  { key: bytes("'foo' 01 04 00 00 00 00 00 00"), value: bytes("'four'") },
  { key: bytes("'foo' 01 01 00 00 00 00 00 00"), value: bytes("'one'") },
]

for (const interval of [1, 2, 16, 1000]) {
  iteratorConformance(`a block with a restart point every ${interval}`, entries => {
    const iterator = new BlockIterator()
    iterator.open(build(entries, interval))
    return { iterator }
  })
}

iteratorConformance('a block that shares less than it could', entries => {
  const random = new Random(entries.length)
  const iterator = new BlockIterator()
  iterator.open(buildLazily(entries, random))
  return { iterator }
})

describe('block', () => {
  test('is written as LevelDB writes it', () => {
    expect(build(GOLDEN_ENTRIES, 16)).toEqual(GOLDEN)
  })

  test('of LevelDB is read', () => {
    expect(walk(GOLDEN)).toEqual(GOLDEN_ENTRIES)
    expect(iterate(GOLDEN)).toEqual(GOLDEN_ENTRIES)
  })

  test('without entries has one restart point', () => {
    expect(build([], 16)).toEqual(bytes('00 00 00 00  01 00 00 00'))
    expect(walk(build([], 16))).toEqual([])
  })

  test("without entries may have no restart point, as iq80's Java port writes it", () => {
    expect(walk(bytes('00 00 00 00'))).toEqual([])
    const iterator = new BlockIterator()
    iterator.open(bytes('00 00 00 00'))
    expect([iterator.seekToFirst(), iterator.seekToLast(), iterator.seek(bytes('0102030405060708'), 0, 8)]).toEqual([
      END,
      END,
      END,
    ])
  })

  test('answers for a key as of any sequence, versions that share their tags included', () => {
    const prefix = bytes("'k' 01 00 00 00 00 00 00 00")
    const keys = [
      ...[300, 299, 256, 255, 3, 2].map(sequence => internalKey(bytes("'k'"), sequence, sequence % 2)),
      internalKey(prefix, 7, 1),
      internalKey(concat(prefix, bytes("'x'")), 7, 2),
    ]
    const entries = keys.map((key, i) => ({ key, value: Uint8Array.of(i) }))
    for (const interval of [1, 3, 16]) {
      const iterator = new BlockIterator()
      iterator.open(build(entries, interval))
      for (let sequence = 0; sequence < 310; sequence++) {
        const target = internalKey(bytes("'k'"), sequence, 1)
        const at = keys.findIndex(key => compareKeys(key, target) >= 0)
        const type = at < 6 ? keys[at][1] : NOTHING
        expect(iterator.probe(target, 0, target.length), `sequence ${sequence}`).toBe(type)
        if (type !== NOTHING) expect(iterator.value[iterator.valueStart]).toBe(at)
      }
      const unknown = internalKey(concat(prefix, bytes("'x'")), 8, 1)
      expect(iterator.probe(unknown, 0, unknown.length)).toBe(2)
      expect(iterator.probe(bytes("'l' 01 00 00 00 00 00 00 00"), 0, 9)).toBe(BEYOND)
    }
  })

  test('holds lengths of every size', () => {
    const entries = [127, 128, 16_383, 16_384, 2_097_151, 2_097_152].map((length, i) => ({
      key: internalKey(new Uint8Array(200 * i).fill(i), 7, 1),
      value: new Uint8Array(length).fill(i),
    }))
    const built = build(entries, 2)
    expect(sameEntries(walk(built), entries)).toBe(true)
    expect(sameEntries(iterate(built), entries)).toBe(true)
    expect(sameEntries(iterate(built, true), entries.toReversed())).toBe(true)
  })

  test('is walked backwards over a run longer than what is kept of it', () => {
    const entries = Array.from({ length: 20_000 }, (_, i) => ({
      key: internalKey(concat(Uint8Array.of(i >>> 8, i), new Uint8Array(i % 50)), 1, 1),
      value: bytes(''),
    }))
    expect(sameEntries(iterate(build(entries, 100_000), true), entries.toReversed())).toBe(true)
  })

  test('is walked backwards in time and memory in proportion to its bytes, whatever its keys share', () => {
    const first = new Uint8Array(1_000_000)
    const entries = [entry(0, internalKey(first, 1, 1), bytes(''))]
    for (let i = 1; i < 60_000; i++) {
      entries.push(entry(1_000_000, Uint8Array.of(i >>> 16, i >>> 8, i, 1, 0, 0, 0, 0, 0, 0, 0), bytes('')))
    }
    const iterator = new BlockIterator()
    iterator.open(block(entries))
    let steps = 0
    for (let move = iterator.seekToLast(); move === VALID; move = iterator.prev()) steps++
    expect(steps).toBe(entries.length)
    expect(iterator.keyEnd).toBe(1_000_008)
  })

  test('can be built again and again in one builder', () => {
    const builder = new BlockBuilder(2)
    for (const seed of [1, 2, 3]) {
      const entries = randomEntries(new Random(seed), 20)
      for (const { key, value } of entries) builder.add(key, 0, key.length, value, 0, value.length)
      const predicted = builder.size
      const contents = builder.finish()
      expect(contents).toHaveLength(predicted)
      expect(contents).toEqual(build(entries, 2))
      builder.clear()
    }
  })
})

describe('a walker refuses', () => {
  const k = (text: string, sequence = 1): Uint8Array => internalKey(new TextEncoder().encode(text), sequence, 1)
  const none = bytes('')

  test.each<[string, Uint8Array]>([
    ['nothing at all', none],
    ['less than a count', bytes('00 00 00')],
    ['restart points that do not fit', bytes('00 00 00 00  02 00 00 00')],
    ['a count of 2^32 - 1', bytes('00 00 00 00  ff ff ff ff')],
    ['entries without a restart point', block([entry(0, k('a'), none)], [])],
    ['a first restart point elsewhere', block([entry(0, k('a'), none)], [1])],
    ['several restart points without entries', block([], [0, 0])],
    ['the same restart point twice', block([entry(0, k('a'), none), entry(0, k('b'), none)], [0, 0])],
    ['a restart point inside an entry', block([entry(0, k('a'), none), entry(0, k('b'), none)], [0, 5])],
    [
      'restart points out of order',
      block(
        ['a', 'b', 'c'].map(key => entry(0, k(key), none)),
        [0, 24, 12],
      ),
    ],
    ['a restart point at the end', block([entry(0, k('a'), none), entry(0, k('b'), none)], [0, 24])],
    ['a restart point behind the end', block([entry(0, k('a'), none), entry(0, k('b'), none)], [0, 1000])],
    ['a restart point that shares', block([entry(0, k('a'), none), entry(1, k('').fill(1), none)], [0, 12])],
    ['a first entry that shares', block([entry(1, k('a'), none)])],
    ['a key that shares more than there is', block([entry(0, k('a'), none), entry(10, k('b'), none)])],
    ['a key without a tag', block([entry(0, bytes('01 02 03 04 05 06 07'), none)])],
    ['a later key without a tag', block([entry(0, k('a'), none), entry(2, bytes('ff'), none)])],
    ['an entry that ends in its lengths', block([bytes('00 09')])],
    ['a length that ends nowhere', block([bytes('80 80 80')])],
    ['a length of six bytes', block([bytes('80 80 80 80 80 00 08 00 0102030405060708')])],
    ['a length above 2^32 - 1', block([bytes('00 ff ff ff ff 1f 00 0102030405060708')])],
    ['an unshared length beyond the block', block([concat(bytes('00 7f 00'), k('a'))])],
    ['a huge unshared length', block([concat(bytes('00 ff ff ff ff 0f 00'), k('a'))])],
    ['a huge value length', block([concat(bytes('00 09 ff ff ff ff 0f'), k('a'))])],
    ['a huge shared length', block([concat(bytes('ff ff ff ff 0f 09 00'), k('a'))])],
    ['descending keys', block([entry(0, k('b'), none), entry(0, k('a'), none)])],
    ['a key before its prefix', block([entry(0, k('ab'), none), entry(0, k('a'), none)])],
    ['equal keys', block([entry(0, k('a'), none), entry(0, k('a'), none)])],
    ['equal keys that share all', block([entry(0, k('a'), none), entry(9, none, none)])],
    ['versions in ascending order', block([entry(0, k('a', 1), none), entry(0, k('a', 2), none)])],
    [
      'versions in ascending order that share',
      block([entry(0, k('a', 1), none), entry(2, bytes('02 00 00 00 00 00 00'), none)]),
    ],
  ])('%s', (_, contents) => {
    expect(() => walk(contents)).toThrowError(LsmError)
    expect(() => walk(contents)).toThrowError(
      expect.objectContaining({ code: 'LSM_CORRUPTION', file: '7.ldb', offset: 99 }),
    )
  })

  test('any change of a byte, or shows a block that is well formed', () => {
    const random = new Random(testSeed(11))
    const original = build(randomEntries(random, 40), 4)
    for (let at = 0; at < original.length; at++) {
      const changed = original.slice()
      changed[at] ^= 1 << random.below(8)
      let entries: Entry[] | undefined
      try {
        entries = walk(changed)
      } catch (error) {
        expect(error).toBeInstanceOf(LsmError)
      }
      if (entries === undefined) continue
      expect(sameEntries(iterate(changed), entries), `byte ${at}, seed ${random.seed}`).toBe(true)
      expect(sameEntries(iterate(changed, true), entries.toReversed()), `byte ${at}, seed ${random.seed}`).toBe(true)
    }
  })
})

function build(entries: readonly Entry[], interval: number): Uint8Array {
  const builder = new BlockBuilder(interval)
  for (const { key, value } of entries) builder.add(key, 0, key.length, value, 0, value.length)
  return builder.finish()
}

/** A block whose entries share some random part of what they could, with restart points now and then. */
function buildLazily(entries: readonly Entry[], random: Random): Uint8Array {
  const parts: Uint8Array[] = []
  const restarts = [0]
  let size = 0
  let last = bytes('')
  for (const { key, value } of entries) {
    let most = 0
    while (most < Math.min(key.length, last.length) && key[most] === last[most]) most++
    const isRestart = size > 0 && random.oneIn(6)
    const shared = isRestart ? 0 : random.below(most + 1)
    if (isRestart) restarts.push(size)
    parts.push(entry(shared, key.slice(shared), value))
    size += parts[parts.length - 1].length
    last = key
  }
  return block(parts, restarts)
}

function walk(contents: Uint8Array): Entry[] {
  const walker = new BlockWalker(contents, true, '7.ldb', 99)
  const entries: Entry[] = []
  while (walker.next()) {
    const { key, valueStart, valueEnd } = walker
    entries.push({ key: key.bytes.slice(0, key.length), value: contents.slice(valueStart, valueEnd) })
  }
  return entries
}

function iterate(contents: Uint8Array, reverse = false): Entry[] {
  const iterator = new BlockIterator()
  iterator.open(contents)
  const entries: Entry[] = []
  let move = reverse ? iterator.seekToLast() : iterator.seekToFirst()
  while (move === VALID) {
    const { key, keyEnd, value, valueStart, valueEnd } = iterator
    entries.push({ key: key.slice(0, keyEnd), value: value.slice(valueStart, valueEnd) })
    move = reverse ? iterator.prev() : iterator.next()
  }
  return entries
}
