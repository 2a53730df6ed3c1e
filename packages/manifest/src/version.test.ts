import { compareBytes } from '@lsm/base'
import { Random, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { edit, key, numbers, shape, table, user } from '../test/tables.ts'
import { emptyVersion } from './manifest-reader.ts'
import { VersionBuilder } from './version-builder.ts'
import type { FileMetadata, VersionEdit } from './version-edit.ts'
import { Version } from './version.ts'

const PLACE = { file: 'MANIFEST-000001', offset: 42 }

describe('edits make a version', () => {
  for (const [what, edits, result] of [
    [
      'level 0 has the newest table first',
      [edit(0, [table(4, 'a', 'z'), table(9, 'a', 'z'), table(5, 'b', 'c')])],
      '0:9,5,4',
    ],
    ['other levels are in the order of keys', [edit(2, [table(4, 'm', 'n'), table(9, 'a', 'b')])], '2:9,4'],
    [
      'what an edit removes goes first',
      [edit(1, [table(1, 'a', 'b')]), edit(2, [table(1, 'a', 'b')], [[1, 1]])],
      '2:1',
    ],
    ['a table may come back', [edit(1, [table(1, 'a', 'b')]), edit(1, [table(1, 'a', 'c')], [[1, 1]])], '1:1'],
    [
      'removing what is not there is harmless',
      [
        edit(
          1,
          [table(1, 'a', 'b')],
          [
            [1, 7],
            [3, 1],
          ],
        ),
      ],
      '1:1',
    ],
    [
      'one user key may end a table and begin the next',
      [edit(1, [table(1, 'a', 'k', 9, 5), table(2, 'k', 'z', 4)])],
      '1:1,2',
    ],
  ] as [string, VersionEdit[], string][]) {
    test(`${what}, at once and one by one`, () => {
      expect(shape(built(emptyVersion(), ...edits))).toBe(result)
      expect(shape(edits.reduce((version, next) => built(version, next), emptyVersion()))).toBe(result)
    })
  }

  for (const [what, edits] of [
    ['a table that is added twice by one edit', [edit(0, [table(1, 'a', 'b'), table(1, 'a', 'b')])]],
    ['a table that is added twice', [edit(3, [table(1, 'a', 'b')]), edit(3, [table(1, 'a', 'b')])]],
    ['a table in two levels', [edit(0, [table(1, 'a', 'b')]), edit(1, [table(1, 'a', 'b')])]],
    ['tables that overlap', [edit(1, [table(1, 'a', 'm'), table(2, 'l', 'z')])]],
    ['a table that reaches into the next one', [edit(1, [table(2, 'k', 'z')]), edit(1, [table(1, 'a', 'm')])]],
    ['a table that begins in the one before', [edit(1, [table(1, 'a', 'm')]), edit(1, [table(2, 'k', 'z')])]],
    ['a table inside another', [edit(1, [table(1, 'a', 'z')]), edit(1, [table(2, 'l', 'm')])]],
    ['tables that share an internal key', [edit(1, [table(1, 'a', 'k'), table(2, 'k', 'z')])]],
    ['user keys shared in the wrong order', [edit(1, [table(1, 'a', 'k', 9, 4), table(2, 'k', 'z', 5)])]],
    ['a table that ends before it begins', [edit(0, [table(1, 'b', 'a')])]],
    ['a table that ends before it begins, by its versions', [edit(0, [table(1, 'a', 'a', 4, 5)])]],
  ] as [string, VersionEdit[]][]) {
    test(`${what} is refused, at once and one by one`, () => {
      const refused = expect.objectContaining({ code: 'LSM_CORRUPTION', ...PLACE })
      expect(() => built(emptyVersion(), ...edits)).toThrow(refused)
      expect(() => edits.reduce((version, next) => built(version, next), emptyVersion())).toThrow(refused)
    })
  }

  test('random ones as a model does, and untouched levels are shared', () => {
    const random = new Random(testSeed(1))
    const model = new Map<number, number>()
    let version = emptyVersion()
    for (let number = 1; number < 400; number++) {
      const level = random.below(7)
      const change = edit(level, [table(number, keyOf(number), `${keyOf(number)}x`)])
      for (const [other, at] of model) if (random.oneIn(40)) change.removed.push({ level: at, number: other })
      for (const { number: gone } of change.removed) model.delete(gone)
      model.set(number, level)
      const next = built(version, change)
      const touched = new Set([level, ...change.removed.map(({ level: at }) => at)])
      for (let at = 0; at < 7; at++) if (!touched.has(at)) expect(next.levels[at]).toBe(version.levels[at])
      version = next
      const expected = Array.from({ length: 7 }, (_, at) => [...model].filter(([, l]) => l === at).map(([n]) => n))
      expect(
        numbers(version).map(files => files.toSorted((a, b) => a - b)),
        `seed ${random.seed}`,
      ).toEqual(expected)
      for (const files of version.levels.slice(1)) expect(files.map(({ smallest }) => smallest)).toEqual(sorted(files))
    }
  })
})

describe('a version', () => {
  const version = built(
    emptyVersion(),
    edit(0, [table(8, 'c', 'f'), table(9, 'a', 'd')]),
    edit(1, [table(1, 'b', 'd'), table(2, 'f', 'h', 9, 5), table(3, 'h', 'k', 4), table(4, 'm', 'm')]),
  )

  test('finds the first table that ends at or after a key', () => {
    for (const [target, index] of [
      [key('a'), 0],
      [key('d', 10), 0],
      [key('d', 9), 0],
      [key('d', 8), 1],
      [key('e'), 1],
      [key('h', 6), 1],
      [key('h', 5), 1],
      [key('h', 4), 2],
      [key('l'), 3],
      [key('m', 1), 4],
      [key('z'), 4],
    ] as const) {
      const framed = new Uint8Array([7, ...target, 7])
      expect(version.findFile(1, framed, 1, framed.length - 1)).toBe(index)
    }
    expect(version.findFile(2, key('a'), 0, 9)).toBe(0)
  })

  test('finds the tables that may hold a range of user keys', () => {
    for (const [level, begin, end, found] of [
      [0, 'a', 'b', [9]],
      [0, 'd', 'd', [9, 8]],
      [0, 'g', 'z', []],
      [1, undefined, undefined, [1, 2, 3, 4]],
      [1, 'h', 'h', [2, 3]],
      [1, 'e', 'e', []],
      [1, undefined, 'f', [1, 2]],
      [1, 'i', undefined, [3, 4]],
      [1, 'm', 'm', [4]],
      [6, undefined, undefined, []],
    ] as const) {
      const range = [begin, end].map(side => (side === undefined ? undefined : user(side)))
      expect(version.overlapping(level, range[0], range[1]).map(({ number }) => number)).toEqual(found)
    }
  })

  test('counts bytes, and lists every table', () => {
    expect(version.levelBytes(0)).toBe(217)
    expect(version.levelBytes(1)).toBe(410)
    expect(version.levelBytes(2)).toBe(0)
    expect(Array.from(version.files(), ({ number }) => number)).toEqual([9, 8, 1, 2, 3, 4])
  })

  test('is among the pinned ones exactly while it is pinned', () => {
    const pinned = new Set<Version>()
    const one = new Version(version.levels, pinned)
    one.pin()
    one.pin()
    one.unpin()
    expect(pinned.has(one)).toBe(true)
    one.unpin()
    expect(pinned.has(one)).toBe(false)
    one.pin()
    expect(pinned.has(one)).toBe(true)
  })
})

function built(base: Version, ...edits: VersionEdit[]): Version {
  const builder = new VersionBuilder(base)
  for (const next of edits) builder.apply(next, PLACE)
  return builder.build(new Set())
}

/** User keys in an order unlike that of the numbers. */
function keyOf(number: number): string {
  return String((number * 7919) % 1000).padStart(4, '0')
}

function sorted(files: readonly FileMetadata[]): Uint8Array[] {
  return files.map(({ smallest }) => smallest).sort((a, b) => compareBytes(a, 0, a.length, b, 0, b.length))
}
