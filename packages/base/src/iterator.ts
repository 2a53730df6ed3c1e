/**
 * The contract of everything that walks entries in order: memtables, blocks, tables, levels, merges.
 *
 * 1. A move returns VALID (there is an entry, its bytes are in the fields), END (there is none that way),
 *    or MISS (a page is lacking; the context has noted it).
 * 2. After MISS the fields mean nothing. A driver loads and makes the same call again. A relative move remembers
 *    itself: after `next()` missed, the next `next()` finishes it. An absolute move discards what was unfinished.
 * 3. `next` and `prev` may be called while VALID, in any mixture, or to finish their own miss. After END only
 *    absolute moves are allowed.
 * 4. Key and value are shown in place and stay readable until the next move; copy what must live longer.
 * 5. Where key and value are in one array, it stays: what lies there does not change as long as what is walked is held, a
 *    page or an arena. Else they may be put together anew by the next move.
 * 6. The arrays in the fields are plain `Uint8Array`s, never `Buffer`s, so that hot loops see one kind of object.
 */

/** There is no entry in this direction. */
export const END = 0
/** The iterator stands on an entry. */
export const VALID = 1
/** A page is lacking: load what the context noted and make the same call again. */
export const MISS = 2

/** What a move says. */
export type Move = typeof END | typeof VALID | typeof MISS

/** Walks internal keys (see `internal-key`) in their order. */
export interface InternalIterator {
  /** Array that holds the current internal key. */
  readonly key: Uint8Array
  /** The first byte of the key. */
  readonly keyStart: number
  /** One past the last byte of the key, its tag included. */
  readonly keyEnd: number
  /** Array that holds the current value. */
  readonly value: Uint8Array
  /** The first byte of the value. */
  readonly valueStart: number
  /** One past its last byte. */
  readonly valueEnd: number

  /** To the first entry. */
  seekToFirst(): Move
  /** To the last entry. */
  seekToLast(): Move
  /** To the first entry at or after an internal key. */
  seek(target: Uint8Array, start: number, end: number): Move
  /** One entry on. */
  next(): Move
  /** One entry back. */
  prev(): Move
}
