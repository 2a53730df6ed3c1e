import { internalKey, TYPE_DELETION, TYPE_VALUE } from '@lsm/base'
import { describe, expect, test } from 'vitest'

import { Retention } from './retention.ts'

interface Version {
  readonly user: string
  readonly sequence: number
  readonly type: number
}

describe('what is kept', () => {
  test.each([
    ['one version of each key', 'a1 b2 c3', [9], '', 'a1 b2 c3'],
    ['older versions without a reader', 'a9 a5 a1 b2', [9], '', 'a9 b2'],
    ['the version that the oldest reader sees', 'a9 a5 a1', [6, 9], '', 'a9 a5'],
    ['nothing between two readers who see the same', 'a9 a5 a4 a1', [5, 6, 9], '', 'a9 a5'],
    ['one version for each reader', 'a9 a8 a6 a4 a2', [3, 5, 9], '', 'a9 a4 a2'],
    ['a reader at exactly a version', 'a9 a5 a1', [5, 9], '', 'a9 a5'],
    ['a reader before all', 'a9 a5 a3', [2, 9], '', 'a9'],
    ['versions that came after the newest reader', 'a9 a8 a5 a3', [6], '', 'a9 a8 a5'],
    ['deletions that may hide something', 'a9- a5 b3-', [9], 'ab', 'a9- b3-'],
    ['no deletion that hides nothing', 'a9- a5 b3- c2', [9], '', 'c2'],
    ['a deletion that a reader does not see yet', 'a9- a5', [6, 9], '', 'a9- a5'],
    ['no deletion below one that a reader does not see yet', 'a9- a5-', [6, 9], '', 'a9-'],
    ['the first of two equal entries', 'a9 a9 b3- b3-', [9], 'b', 'a9 b3-'],
    ['the first of two equal entries that are newer than every reader', 'a9 a9', [2], '', 'a9'],
    ['the empty key', '7 3 a1', [9], '', '7 a1'],
  ])('%s', (_, entries, readers, older, kept) => {
    expect(retained(parse(entries), readers, older)).toEqual(parse(kept))
  })

  test('is told to be the newest of its key or not', () => {
    const retention = new Retention([9], () => true)
    const ask = asker(retention)
    const newest = parse('a9 a5 b7- c2').map(version => {
      ask(version)
      return retention.isNewest
    })
    expect(newest).toEqual([true, false, true, true])
  })

  test('is not asked without a reader', () => {
    expect(() => new Retention([], () => true)).toThrow(TypeError)
  })
})

/** Every set of versions with sequence numbers 1 to 5, of every type, every set of readers, an older table or none. */
describe('in every small case', () => {
  const latest = 5

  test.each([
    ['an older table has the key', true],
    ['no older table has the key', false],
  ])('every reader sees what it saw, and nothing is kept for nobody: %s', (_, isOlder) => {
    for (const versions of everyHistory()) {
      for (const readers of everySetOfReaders()) {
        const kept = retained(versions, readers, isOlder ? 'k' : '')
        const story = JSON.stringify({ versions, readers, kept })
        for (const reader of [...readers, latest + 1]) {
          expect(seen(kept, reader, isOlder), story).toBe(seen(versions, reader, isOlder))
        }
        expect(kept, story).toEqual(byDefinition(versions, readers, isOlder))
      }
    }
  })

  function* everyHistory(): Generator<Version[]> {
    for (let code = 0; code < 3 ** latest; code++) {
      const versions: Version[] = []
      for (let sequence = latest; sequence >= 1; sequence--) {
        const digit = Math.floor(code / 3 ** (sequence - 1)) % 3
        if (digit > 0) versions.push({ user: 'k', sequence, type: digit === 1 ? TYPE_VALUE : TYPE_DELETION })
      }
      yield versions
    }
  }

  /** Ascending, the last one the newest sequence number. */
  function* everySetOfReaders(): Generator<number[]> {
    for (let set = 0; set < 2 ** latest; set++) {
      yield [...[0, 1, 2, 3, 4].filter(reader => set & (1 << reader)), latest]
    }
  }

  /** What a reader sees: the sequence number of a value, `older`, or nothing. */
  function seen(versions: readonly Version[], reader: number, isOlder: boolean): number | string | undefined {
    const version = versions.find(({ sequence }) => sequence <= reader)
    if (version === undefined) return isOlder ? 'older' : undefined
    return version.type === TYPE_VALUE ? version.sequence : undefined
  }

  function byDefinition(versions: readonly Version[], readers: readonly number[], isOlder: boolean): Version[] {
    return versions.filter(version => {
      const sees = (reader: number): boolean => versions.find(({ sequence }) => sequence <= reader) === version
      const hidesNothing = version.type === TYPE_DELETION && version.sequence <= readers[0] && !isOlder
      return readers.some(sees) && !hidesNothing
    })
  }
})

/** @param older - the keys that an older table may have. */
function retained(versions: readonly Version[], readers: readonly number[], older: string): Version[] {
  const retention = new Retention(readers, (key, start, end) =>
    older.includes(new TextDecoder().decode(key.subarray(start, end))),
  )
  return versions.filter(asker(retention))
}

/** Asks for one version after the other, with what its key shares with the one before. */
function asker(retention: Retention): (version: Version) => boolean {
  let last = ''
  return ({ user, sequence, type }) => {
    let shared = 0
    while (shared < user.length && user[shared] === last[shared]) shared++
    last = user
    const key = internalKey(new TextEncoder().encode(user), sequence, type)
    return retention.keeps(key, 0, key.length, shared)
  }
}

/** `a9-` is user key a, sequence 9, a deletion. */
function parse(text: string): Version[] {
  return text.split(' ').map(word => ({
    user: word.replace(/\d+-?$/, ''),
    sequence: Number(/\d+/.exec(word)?.[0]),
    type: word.endsWith('-') ? TYPE_DELETION : TYPE_VALUE,
  }))
}
