/**
 * One look-up of one key: what is asked, and what was found.
 *
 * Both objects are made once and used again, so that a look-up allocates nothing.
 */
import { EMPTY } from './bytes.ts'
import { hashKey } from './hash.ts'
import { putTag, TAG_SIZE, TYPE_FOR_SEEK } from './internal-key.ts'
import type { MISS } from './iterator.ts'

/** This source says nothing of the key. */
export const ABSENT = 0
/** The key has a value; it is in the {@link FoundValue}. */
export const FOUND = 1
/** The key was deleted. */
export const DELETED = 3

/** What a source says of a key; `MISS` as in `iterator`. */
export type Lookup = typeof ABSENT | typeof FOUND | typeof MISS | typeof DELETED

/** A user key to look up as of a sequence number. */
export class LookupKey {
  /** The internal key to seek: user key, then tag. A plain array that is used again. */
  bytes: Uint8Array = new Uint8Array(64)
  /** One past the user key, which starts at 0. */
  userEnd = 0
  /** One past the internal key. */
  end = 0
  /** The hash of the user key. */
  hash = 0
  /** Versions after this one are not seen. */
  sequence = 0

  /** Makes room for a user key of `length` bytes; write it to `bytes`, then {@link LookupKey.seal}. */
  reserve(length: number): Uint8Array {
    if (length + TAG_SIZE > this.bytes.length) this.bytes = new Uint8Array(2 * (length + TAG_SIZE))
    return this.bytes
  }

  /** Completes the key whose user part is `bytes[0, userEnd)`. */
  seal(userEnd: number, sequence: number): void {
    this.userEnd = userEnd
    this.end = userEnd + TAG_SIZE
    this.hash = hashKey(this.bytes, 0, userEnd)
    this.sequence = sequence
    putTag(this.bytes, userEnd, sequence, TYPE_FOR_SEEK)
  }

  /** Copies a user key and completes it. */
  assign(userKey: Uint8Array, sequence: number): void {
    this.reserve(userKey.length).set(userKey)
    this.seal(userKey.length, sequence)
  }
}

/** Where the value of a found key lies. Readable until the source changes; copy what must live longer. */
export class FoundValue {
  /** Array that holds the value. */
  bytes: Uint8Array = EMPTY
  /** The first byte of the value. */
  start = 0
  /** One past its last byte. */
  end = 0
}
