import { internalKey, TYPE_DELETION, TYPE_VALUE } from '@lsm/base'
import { describe, expect, test } from 'vitest'

import { Retention } from './retention.ts'

interface Version {
  readonly user: string
  readonly sequence: number
  readonly type: number
}

describe('retention of a flush', () => {
  test.each([
    ['one version of each key', 'a1 b2 c3', 9, 'a1 b2 c3'],
    ['older versions without a reader', 'a9 a5 a1 b2', 9, 'a9 b2'],
    ['the version that the oldest reader sees', 'a9 a5 a1', 6, 'a9 a5'],
    ['a reader at exactly a version', 'a9 a5 a1', 5, 'a9 a5'],
    ['a reader before all', 'a9 a5 a3', 2, 'a9 a5 a3'],
    ['deletions', 'a9- a5 b3-', 9, 'a9- b3-'],
    ['the empty key', '7 3 a1', 9, '7 a1'],
  ])('%s', (_, entries, oldestReader, kept) => {
    expect(retained(parse(entries), oldestReader)).toEqual(parse(kept))
  })

  test('keeps exactly what some reader at or after the oldest one can see, in every small case', () => {
    for (let present = 0; present < 2 ** 6; present++) {
      for (let oldest = 0; oldest <= 7; oldest++) {
        const versions = [6, 5, 4, 3, 2, 1]
          .filter(sequence => present & (1 << (sequence - 1)))
          .map(sequence => ({ user: 'k', sequence, type: sequence % 2 ? TYPE_VALUE : TYPE_DELETION }))
        const seen = versions.filter(({ sequence }) =>
          [0, 1, 2, 3, 4, 5, 6, 7].some(
            reader => reader >= oldest && versions.find(version => version.sequence <= reader)?.sequence === sequence,
          ),
        )
        expect(retained(versions, oldest)).toEqual(seen)
      }
    }
  })
})

function retained(versions: readonly Version[], oldestReader: number): Version[] {
  const retention = new Retention(oldestReader)
  return versions.filter(({ user, sequence, type }) => {
    const key = internalKey(new TextEncoder().encode(user), sequence, type)
    return retention.keeps(key, 0, key.length)
  })
}

/** `a9-` is user key a, sequence 9, a deletion. */
function parse(text: string): Version[] {
  return text.split(' ').map(word => ({
    user: word.replace(/\d+-?$/, ''),
    sequence: Number(/\d+/.exec(word)?.[0]),
    type: word.endsWith('-') ? TYPE_DELETION : TYPE_VALUE,
  }))
}
