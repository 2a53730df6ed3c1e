/**
 * Appends records to a log.
 *
 * 1. One record is one append to the file, headers and padding included: it is there whole or it is a torn tail.
 * 2. Nothing is appended after a failure: how much of the failed record is in the file is not known. A full disk is none:
 *    of a record that found no room nothing is there.
 * 3. Nothing is synced after a failed sync: the system may have dropped bytes that a second sync would call safe.
 *    After a failed append the records before it can still be synced.
 *
 * Does not know what is in a record, nor who waits for a sync.
 */
import { LsmError, putFixed32, type WritableFile } from '@lsm/base'

import { BLOCK_SIZE, FIRST, fragmentChecksum, FULL, HEADER_SIZE, LAST, MIDDLE } from './log-format.ts'

/** A buffer that one large record made larger than this is not kept. */
const LARGEST_KEPT = 1 << 20

/** Up to this many bytes a loop copies faster than a view can be made for the native copy. */
const SHORT_COPY = 32

/** Writes one log file from its beginning to its end. */
export class LogWriter {
  readonly #file: WritableFile
  #buffer = new Uint8Array(4096)
  #appendFailure: unknown
  #syncFailure: unknown
  #closed = false

  /** @param file - new and empty; it belongs to the writer from now on. */
  constructor(file: WritableFile) {
    this.#file = file
  }

  /** Bytes in the file. */
  get size(): number {
    return this.#file.size
  }

  /**
   * Appends one record, which may be empty. When it returns, the record survives the death of the process, but a loss
   * of power only after the next {@link LogWriter.sync}. The payload is copied.
   *
   * @throws LsmError the file's, if it cannot be written; `LSM_READ_ONLY` after a failure other than `LSM_DISK_FULL`, which
   *   may be over at the next call; `LSM_CLOSED`.
   */
  append(payload: Uint8Array, start: number, end: number): void {
    this.#check(this.#appendFailure ?? this.#syncFailure)
    const length = this.#frame(payload, start, end)
    try {
      this.#file.append(this.#buffer, 0, length)
    } catch (error) {
      if (!isDiskFull(error)) this.#appendFailure = error
      throw error
    }
    if (this.#buffer.length > LARGEST_KEPT) this.#buffer = new Uint8Array(4096)
  }

  /**
   * Makes every record appended before the call survive a loss of power.
   *
   * @throws LsmError the file's; `LSM_READ_ONLY` after a sync that failed; `LSM_CLOSED`.
   */
  async sync(): Promise<void> {
    this.#check(this.#syncFailure)
    try {
      await this.#file.sync()
    } catch (error) {
      this.#syncFailure ??= error
      throw error
    }
    // Of two syncs under way at once, one that fails may have dropped bytes that the other one was to save.
    this.#check(this.#syncFailure, false)
  }

  /** Closes the file without syncing it; a second call does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#file.close()
  }

  #check(failure: unknown, closed = this.#closed): void {
    const file = this.#file.name
    if (closed) throw new LsmError('LSM_CLOSED', 'the log is closed', { file })
    if (failure === undefined) return
    throw new LsmError('LSM_READ_ONLY', 'the log ended with a failed write or sync', { file, cause: failure })
  }

  /** Cuts a record into fragments in the buffer; returns how many bytes they take. */
  #frame(payload: Uint8Array, start: number, end: number): number {
    const buffer = this.#room(end - start)
    let left = BLOCK_SIZE - (this.#file.size % BLOCK_SIZE)
    let at = 0
    let from = start
    for (let begun = false; ; begun = true) {
      if (left < HEADER_SIZE) {
        for (; left > 0; left--) buffer[at++] = 0
        left = BLOCK_SIZE
      }
      const to = Math.min(end, from + left - HEADER_SIZE)
      const type = to === end ? (begun ? LAST : FULL) : begun ? MIDDLE : FIRST
      at = putFragment(buffer, at, type, payload, from, to)
      if (to === end) return at
      left -= HEADER_SIZE + to - from
      from = to
    }
  }

  /** The buffer, made large enough for a payload of `length` bytes with its headers and the padding before it. */
  #room(length: number): Uint8Array {
    const fragments = Math.floor(length / (BLOCK_SIZE - HEADER_SIZE)) + 2
    const most = HEADER_SIZE - 1 + HEADER_SIZE * fragments + length
    if (most > this.#buffer.length) this.#buffer = new Uint8Array(Math.max(most, 2 * this.#buffer.length))
    return this.#buffer
  }
}

/** Writes one fragment at `at`; returns the offset after it. */
function putFragment(
  target: Uint8Array,
  at: number,
  type: number,
  payload: Uint8Array,
  from: number,
  to: number,
): number {
  const length = to - from
  const body = at + HEADER_SIZE
  target[at + 4] = length
  target[at + 5] = length >>> 8
  target[at + 6] = type
  if (length > SHORT_COPY) target.set(payload.subarray(from, to), body)
  else for (let i = 0; i < length; i++) target[body + i] = payload[from + i]
  putFixed32(target, at, fragmentChecksum(target, at, body + length))
  return body + length
}

function isDiskFull(error: unknown): boolean {
  return error instanceof LsmError && error.code === 'LSM_DISK_FULL'
}
