/**
 * May an entry be forgotten?
 *
 * Entries of one user key arrive newest first. A reader as of sequence s sees the newest version at or before s:
 *
 *     readers 20 and 50     k@60  keep   readers that come after 50
 *                           k@48  keep   the version that 50 sees
 *                           k@28  drop   50 sees 48, and 20 is too old for it
 *                           k@12  keep   the version that 20 sees
 *                           k@11  drop   hidden by 12 from every reader
 *
 * 1. A version is kept if it is the newest one that some reader sees, whether that reader is open now or comes later.
 * 2. A deletion that every reader sees hides what is older; it goes, too, where nothing older lies outside the job. The
 *    older versions inside the job go by the first rule.
 * 3. Of two entries with one user key and one sequence number the second is dropped.
 *
 * Pure: knows nothing of files, levels or threads.
 */
import { TAG_SIZE, tagSequence, tagType, TYPE_DELETION } from '@lsm/base'

/** Whether something older than the job's entries may exist for a user key. Asked for ascending keys. */
export type MayHide = (key: Uint8Array, start: number, end: number) => boolean

/** Decides for one run of entries in internal-key order. */
export class Retention {
  /** Whether the entry that was asked for last is the newest of its user key. */
  isNewest = false
  readonly #readers: readonly number[]
  readonly #oldestReader: number
  readonly #latestReader: number
  readonly #mayHide: MayHide
  /** Length of the user key that was asked for last. */
  #userLength = -1
  /** Sequence number of the entry that was asked for last. */
  #newer = Number.POSITIVE_INFINITY

  /**
   * @param readers - the sequence numbers that somebody reads as of, ascending; the last is the newest one given out, as
   *   of which or later everybody reads who comes later.
   * @param mayHide - asked for deletions only.
   */
  constructor(readers: readonly number[], mayHide: MayHide) {
    if (readers.length === 0) throw new TypeError('readers must end in the newest sequence number')
    this.#readers = readers
    this.#oldestReader = readers[0]
    this.#latestReader = readers[readers.length - 1]
    this.#mayHide = mayHide
  }

  /**
   * Whether the entry must be kept. Ask for every entry, in order.
   *
   * @param shared - bytes that its user key shares with the one before; see `MergingIterator.shared`.
   */
  keeps(key: Uint8Array, start: number, end: number, shared: number): boolean {
    const userEnd = end - TAG_SIZE
    const sequence = tagSequence(key, end)
    this.isNewest = shared !== this.#userLength || shared !== userEnd - start
    this.#userLength = userEnd - start
    if (!this.isNewest && !this.#isSeen(sequence, this.#newer)) {
      this.#newer = sequence
      return false
    }
    this.#newer = sequence
    return tagType(key, end) !== TYPE_DELETION || sequence > this.#oldestReader || this.#mayHide(key, start, userEnd)
  }

  /** Whether some reader sees a version that has a newer one. */
  #isSeen(sequence: number, newer: number): boolean {
    if (sequence >= newer) return false
    return newer > this.#latestReader || this.#latestReaderBefore(newer) >= sequence
  }

  /** The latest reader before a sequence number at or before the last reader; -1 if there is none. */
  #latestReaderBefore(sequence: number): number {
    const readers = this.#readers
    let low = 0
    let high = readers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (readers[middle] < sequence) low = middle + 1
      else high = middle
    }
    return low === 0 ? -1 : readers[low - 1]
  }
}
