/**
 * Entries to test with: internal keys and values in order, and the iterator that any other one is compared with.
 */
import {
  compareInternalKeys,
  EMPTY,
  END,
  internalKey,
  MISS,
  TYPE_DELETION,
  TYPE_VALUE,
  VALID,
  type InternalIterator,
  type Move,
  type PageSource,
  type ReadContext,
} from '@lsm/base'

import type { Random } from './random.ts'

/** One version of one key. */
export interface Entry {
  /** The internal key. */
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** Orders two internal keys. */
export function compareKeys(a: Uint8Array, b: Uint8Array): number {
  return compareInternalKeys(a, 0, a.length, b, 0, b.length)
}

/**
 * Random entries in order: short and long keys over a small alphabet (so that prefixes are shared and keys are prefixes of
 * each other), several versions of some keys, deletions, empty keys and values, bytes 0x00 and 0xff.
 */
export function randomEntries(random: Random, count: number): Entry[] {
  const entries: Entry[] = []
  const alphabet = [0x00, 0x01, 0x61, 0x62, 0x7f, 0x80, 0xfe, 0xff]
  let sequence = 1
  while (entries.length < count) {
    const userKey = Uint8Array.from({ length: random.skewed(14) }, () => random.pick(alphabet))
    for (let versions = random.oneIn(4) ? random.between(2, 5) : 1; versions > 0; versions--) {
      const type = random.oneIn(5) ? TYPE_DELETION : TYPE_VALUE
      const value = type === TYPE_DELETION ? EMPTY : random.bytes(random.skewed(40))
      entries.push({ key: internalKey(userKey, sequence, type), value })
      sequence += random.between(1, 3)
    }
  }
  return entries.sort((a, b) => compareKeys(a.key, b.key))
}

/**
 * Walks an array of entries: the plainest iterator there is. Given a context, every entry is a page of its own that
 * is never resident, so that each arrival misses first.
 */
export class ArrayIterator implements InternalIterator, PageSource<Entry> {
  key: Uint8Array = EMPTY
  readonly keyStart: number = 0
  keyEnd = 0
  value: Uint8Array = EMPTY
  readonly valueStart: number = 0
  valueEnd = 0
  readonly #entries: readonly Entry[]
  readonly #context: ReadContext | undefined
  #at = -1

  constructor(entries: readonly Entry[], context?: ReadContext) {
    this.#entries = entries
    this.#context = context
  }

  seekToFirst(): Move {
    return this.#show(0)
  }

  seekToLast(): Move {
    return this.#show(this.#entries.length - 1)
  }

  seek(target: Uint8Array, start: number, end: number): Move {
    const key = target.subarray(start, end)
    const at = this.#entries.findIndex(entry => compareKeys(entry.key, key) >= 0)
    return this.#show(at < 0 ? this.#entries.length : at)
  }

  next(): Move {
    return this.#show(this.#at + 1)
  }

  prev(): Move {
    return this.#show(this.#at - 1)
  }

  loadPage(at: number): Promise<Entry> {
    return Promise.resolve(this.#entries[at])
  }

  loadPageSync(at: number): Entry {
    return this.#entries[at]
  }

  #show(at: number): Move {
    const missed = at in this.#entries && this.#context !== undefined && this.#context.page(this, at) === undefined
    const entry = missed ? undefined : this.#entries[at]
    this.key = entry?.key ?? EMPTY
    this.keyEnd = this.key.length
    this.value = entry?.value ?? EMPTY
    this.valueEnd = this.value.length
    if (missed) return MISS
    this.#at = at
    return entry === undefined ? END : VALID
  }
}
