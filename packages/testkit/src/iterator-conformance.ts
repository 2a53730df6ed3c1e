/**
 * The one suite that everything iterator-like passes, normally and with a miss before every page.
 */
import { END, MISS, VALID, type InternalIterator, type Move, type ReadContext } from '@lsm/base'
import { describe, expect, test } from 'vitest'

import { ArrayIterator, compareKeys, randomEntries, type Entry } from './entries.ts'
import { Random, testSeed } from './random.ts'

/** An iterator under test. */
export interface Subject {
  readonly iterator: InternalIterator
  /** The context that the iterator notes its misses in. One that can never miss needs none. */
  readonly context?: ReadContext
  /** Called when the case is over. */
  close?(): void | Promise<void>
}

/** Makes an iterator over the given entries, which are in order and of distinct keys. */
export type MakeSubject = (entries: readonly Entry[]) => Subject | Promise<Subject>

/** The most rounds that one move may take; more means that loading does not help. */
const MOST_ROUNDS = 10_000

/** Declares the tests of the iterator contract for one way of making iterators. */
export function iteratorConformance(name: string, make: MakeSubject): void {
  const seed = testSeed(7)
  describe(`${name} keeps the iterator contract`, () => {
    test('an empty one ends at once', async () => {
      await withSubject(make, [], async walk => {
        expect(await walk.first()).toBe(END)
        expect(await walk.last()).toBe(END)
        expect(await walk.seek(new Uint8Array(8))).toBe(END)
      })
    })

    test.each([1, 2, 17, 300])('forwards and backwards over %i entries', async count => {
      const entries = randomEntries(new Random(seed + count), count)
      await withSubject(make, entries, async walk => {
        let move = await walk.first()
        for (const entry of entries) {
          expect(move).toBe(VALID)
          walk.expectAt(entry)
          move = await walk.next()
        }
        expect(move).toBe(END)
        move = await walk.last()
        for (const entry of entries.toReversed()) {
          expect(move).toBe(VALID)
          walk.expectAt(entry)
          move = await walk.prev()
        }
        expect(move).toBe(END)
      })
    })

    test('seeks to every key, and to just before and after it', async () => {
      const entries = randomEntries(new Random(seed), 120)
      await withSubject(make, entries, async walk => {
        for (const { key } of entries) {
          for (const target of [key, lowered(key), raised(key)]) {
            const move = await walk.seek(target)
            const expected = entries.find(entry => compareKeys(entry.key, target) >= 0)
            expect(move).toBe(expected === undefined ? END : VALID)
            if (expected !== undefined) walk.expectAt(expected)
          }
        }
      })
    })

    test.each([1, 2, 3, 4, 5, 6])('moves at random like an array, seed +%i', async extra => {
      const random = new Random(seed * 100 + extra)
      const entries = randomEntries(random, random.between(1, 200))
      await withSubject(make, entries, async walk => {
        const model = new ArrayIterator(entries)
        let valid = false
        for (let step = 0; step < 600; step++) {
          const [move, expected] = await randomMove(random, entries, walk, model, valid)
          expect(move, `step ${step}, seed ${random.seed}`).toBe(expected)
          valid = move === VALID
          if (valid) walk.expectAt({ key: model.key, value: model.value })
        }
      })
    })
  })
}

async function randomMove(
  random: Random,
  entries: readonly Entry[],
  walk: Walk,
  model: ArrayIterator,
  valid: boolean,
): Promise<[Move, Move]> {
  const choice = random.below(valid ? 20 : 3)
  if (choice === 0) return [await walk.first(), model.seekToFirst()]
  if (choice === 1) return [await walk.last(), model.seekToLast()]
  if (choice === 2) {
    const { key } = random.pick(entries)
    const target = random.pick([key, lowered(key), raised(key)])
    return [await walk.seek(target), model.seek(target, 0, target.length)]
  }
  return choice < 12 ? [await walk.next(), model.next()] : [await walk.prev(), model.prev()]
}

/** The same user key, one version older. */
function raised(key: Uint8Array): Uint8Array {
  const copy = key.slice()
  copy[key.length - 7]--
  return copy
}

/** The same user key, one version newer. */
function lowered(key: Uint8Array): Uint8Array {
  const copy = key.slice()
  copy[key.length - 7]++
  return copy
}

async function withSubject(
  make: MakeSubject,
  entries: readonly Entry[],
  body: (walk: Walk) => Promise<void>,
): Promise<void> {
  const subject = await make(entries)
  try {
    await body(new Walk(subject))
  } finally {
    await subject.close?.()
  }
}

/** Drives the subject through its misses. */
class Walk {
  readonly #subject: Subject

  constructor(subject: Subject) {
    this.#subject = subject
  }

  first(): Promise<Move> {
    return this.#drive(iterator => iterator.seekToFirst())
  }

  last(): Promise<Move> {
    return this.#drive(iterator => iterator.seekToLast())
  }

  seek(target: Uint8Array): Promise<Move> {
    return this.#drive(iterator => iterator.seek(target, 0, target.length))
  }

  next(): Promise<Move> {
    return this.#drive(iterator => iterator.next())
  }

  prev(): Promise<Move> {
    return this.#drive(iterator => iterator.prev())
  }

  expectAt(entry: Entry): void {
    const { iterator } = this.#subject
    expect(iterator.key.slice(iterator.keyStart, iterator.keyEnd)).toEqual(entry.key)
    expect(iterator.value.slice(iterator.valueStart, iterator.valueEnd)).toEqual(entry.value)
  }

  async #drive(call: (iterator: InternalIterator) => Move): Promise<Move> {
    const { iterator, context } = this.#subject
    let move = call(iterator)
    for (let round = 0; move === MISS; round++) {
      if (context === undefined || !context.lacking) throw new Error('a miss that noted nothing')
      if (round === MOST_ROUNDS) throw new Error('still missing after many loads')
      if (round % 2 === 0) await context.load()
      else context.loadSync()
      move = call(iterator)
    }
    context?.release()
    return move
  }
}
