import { internalKey } from '@lsm/base'
import { compareKeys, Random, randomEntries, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { block, bytes, concat, entry, handle } from '../test/support.ts'
import { blockKernel } from './block-kernel.ts'
import { makePage } from './page.ts'
import { TableIndex } from './table-index.ts'

const ROOM = 1_000_000

describe.each([
  ['the kernel', blockKernel],
  ['its twin', (): undefined => undefined],
] as const)('index, decoded by %s', (_, kernel) => {
  test.each<[string, Uint8Array]>([
    ['no prefix', bytes('')],
    ['a common prefix', bytes("'shared/prefix/'")],
    ['a prefix of 0xff', bytes('ff ff ff ff ff')],
  ])('finds the first separator at or after any key, with %s', (_, prefix) => {
    const random = new Random(testSeed(21))
    for (let round = 0; round < 30; round++) {
      const separators = prefixed(random, prefix, random.below(60))
      const index = indexOf(separators)
      expect(index.count).toBe(separators.length)
      const targets = [
        ...separators,
        ...prefixed(random, prefix, 30),
        ...prefixed(random, prefix.slice(0, -1), 30),
        ...prefixed(random, bytes(''), 30),
      ]
      for (const target of targets) {
        const found = separators.findIndex(separator => compareKeys(separator, target) >= 0)
        const expected = found < 0 ? separators.length : found
        expect(index.search(target, 0, target.length), `seed ${random.seed}`).toBe(expected)
      }
    }
  })

  test('finds its way among keys that differ late, and among versions', () => {
    const separators = [
      ...[9, 7, 7.5, 3]
        .toSorted((a, b) => b - a)
        .map(sequence => internalKey(bytes("'same key, same word'"), sequence * 2, 1)),
      ...['same key, same wore', 'same key, same wore and more', 'same key, same worf'].map(text =>
        internalKey(new TextEncoder().encode(text), 1, 1),
      ),
    ]
    const index = indexOf(separators)
    for (const [i, separator] of separators.entries()) {
      expect(index.search(separator, 0, separator.length)).toBe(i)
      const padded = concat(bytes('aaaa'), separator, bytes('bbbb'))
      expect(index.search(padded, 2, separator.length + 2)).toBe(i)
    }
  })

  test('knows where its blocks lie, and ignores what follows a handle', () => {
    const index = decode(
      block([
        entry(0, bytes("'b' 01 ff ff ff ff ff ff ff"), concat(handle(0, 100), bytes('de ad be ef'))),
        entry(0, bytes("'d' 16 ff ff ff ff ff ff ff"), handle(200, 50)),
      ]),
    )
    expect([index.handle(0), index.handle(1)]).toEqual([
      { offset: 0, size: 100 },
      { offset: 200, size: 50 },
    ])
    expect(index.dataEnd).toBe(255)
  })

  test('admits to a block what lies between the separators around it', () => {
    const [a, b, c] = ['a', 'b', 'c'].map(text => internalKey(new TextEncoder().encode(text), 5, 1))
    const index = indexOf([a, c])
    const admitted = [a, b, c].map(key => [0, 1].map(i => index.admits(i, key, 0, key.length)))
    expect(admitted).toEqual([
      [true, false],
      [false, true],
      [false, true],
    ])
    expect(index.isSeparatedBy(1, bytes("'c'"), 0, 1)).toBe(true)
    expect(index.isSeparatedBy(1, bytes("'cc'"), 0, 2)).toBe(false)
  })

  const one = bytes("'a' 01 01 00 00 00 00 00 00")
  const two = bytes("'b' 01 01 00 00 00 00 00 00")
  test.each<[string, Uint8Array]>([
    ['blocks that overlap', block([entry(0, one, handle(0, 100)), entry(0, two, handle(104, 10))])],
    ['blocks that descend', block([entry(0, one, handle(200, 100)), entry(0, two, handle(0, 10))])],
    ['a block twice', block([entry(0, one, handle(0, 100)), entry(0, two, handle(0, 100))])],
    ['a block behind the data', block([entry(0, one, handle(0, ROOM - 4))])],
    ['a block that starts behind the data', block([entry(0, one, handle(2 ** 53 - 1, 2 ** 53 - 1))])],
    ['separators that descend', block([entry(0, two, handle(0, 1)), entry(0, one, handle(10, 1))])],
    ['a separator without a tag', block([entry(0, bytes("'a'"), handle(0, 1))])],
    ['an entry without a handle', block([entry(0, one, bytes(''))])],
    ['half a handle', block([entry(0, one, bytes('05'))])],
    ['a handle that runs out of its value', block([entry(0, one, bytes('05 80')), entry(0, two, handle(10, 1))])],
  ])('with %s is refused', (_, contents) => {
    expect(() => decode(contents)).toThrowError(expect.objectContaining({ code: 'LSM_CORRUPTION', file: '5.ldb' }))
  })

  test('whose keys grow without end through what they share is refused', () => {
    const long = concat(new Uint8Array(500), bytes('01 ff ff ff ff ff ff ff'))
    const entries = [entry(0, long, handle(0, 1))]
    for (let i = 1; i < 200; i++)
      entries.push(
        entry(500, bytes(`${(i + 10).toString(16).padStart(2, '0')} 01 ff ff ff ff ff ff ff`), handle(10 * i, 1)),
      )
    expect(decode(block(entries)).count).toBe(200)
    expect(() => decode(block(entries), 50_000)).toThrowError(expect.objectContaining({ code: 'LSM_CORRUPTION' }))
  })

  function decode(contents: Uint8Array, keyLimit = ROOM): TableIndex {
    return new TableIndex(
      { page: makePage(contents, '5.ldb', 77), file: '5.ldb', offset: 77, dataLimit: ROOM, keyLimit },
      kernel(),
    )
  }

  function indexOf(separators: readonly Uint8Array[]): TableIndex {
    const entries = separators.map((separator, i) => entry(0, separator, handle(100 * i, 95)))
    let at = 0
    const restarts = entries.map(bytes => (at += bytes.length) - bytes.length)
    return decode(block(entries, restarts.length === 0 ? [0] : restarts))
  }
})

test(`an index of any bytes is decoded alike by the kernel and its twin, seed ${testSeed(22)}`, () => {
  const random = new Random(testSeed(22))
  for (let round = 0; round < 2000; round++) {
    let at = 0
    const entries = prefixed(random, bytes("'ab'"), 1 + random.below(20)).map(key => {
      const size = random.below(300)
      const where = random.oneIn(60) ? random.bytes(random.below(12)) : handle(at, size)
      at += size + 5 - Number(random.oneIn(200))
      return entry(0, key, concat(where, random.bytes(random.below(3))))
    })
    let end = 0
    const restarts = entries.map(({ length }) => (end += length) - length)
    const page = makePage(block(entries, restarts), '5.ldb', 77)
    const source = { page, file: '5.ldb', offset: 77, dataLimit: at, keyLimit: ROOM }
    const [fast, plain] = [blockKernel(), undefined].map(kernel => {
      try {
        const index = new TableIndex(source, kernel)
        const handles = Array.from({ length: index.count }, (_, i) => index.handle(i))
        return { handles, end: index.dataEnd }
      } catch (error) {
        return error
      }
    })
    expect(fast, `round ${round}`).toEqual(plain)
  }
})

/** Distinct internal keys in order that begin with a prefix. */
function prefixed(random: Random, prefix: Uint8Array, count: number): Uint8Array[] {
  return randomEntries(random, count).map(({ key }) => concat(prefix, key))
}
