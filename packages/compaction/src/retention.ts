/**
 * May an entry be forgotten?
 *
 * Entries of one user key arrive newest first. A reader as of sequence s sees the newest version at or before s, so
 * an older version serves nobody once a newer one is at or before the oldest sequence that anybody reads as of:
 *
 *     oldest reader = 30      k@50  keep   readers after 50
 *                             k@28  keep   the version that reader 30 sees
 *                             k@12  drop   hidden by 28 from every reader
 *
 * 1. A dropped entry is visible to no snapshot, iterator or later read.
 * 2. A deletion is kept: an older version may lie in a table outside the job.
 *
 * Pure: knows nothing of files, levels or threads.
 */
import { ByteBuffer, equalBytes, TAG_SIZE, tagSequence } from '@lsm/base'

/** Decides for one run of entries in internal-key order. */
export class Retention {
  /** The oldest sequence number that anybody reads as of. */
  readonly #oldestReader: number
  readonly #userKey = new ByteBuffer()
  /** Sequence of the last entry of this user key, or `Infinity` at its first. */
  #newer = Number.POSITIVE_INFINITY
  #started = false

  /** @param oldestReader - the sequence number of the oldest snapshot, or the newest one given out if there is none. */
  constructor(oldestReader: number) {
    this.#oldestReader = oldestReader
  }

  /** Whether the entry must be kept. Ask for every entry, in order. */
  keeps(key: Uint8Array, start: number, end: number): boolean {
    const userKey = this.#userKey
    if (!this.#started || !equalBytes(key, start, end - TAG_SIZE, userKey.bytes, 0, userKey.length)) {
      userKey.assign(key, start, end - TAG_SIZE)
      this.#newer = Number.POSITIVE_INFINITY
      this.#started = true
    }
    const kept = this.#newer > this.#oldestReader
    this.#newer = tagSequence(key, end)
    return kept
  }
}
