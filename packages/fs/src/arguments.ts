/**
 * What callers may pass: names of the engine's own shape, and ranges that lie inside their array.
 *
 * A name that is refused here never reaches a file system, so no path is ever followed out of a directory. Both
 * checks throw `TypeError`: a wrong argument is the caller's mistake, not a failure of the place.
 */

const NAME = /^[A-Za-z0-9._-]{1,128}$/

/** Refuses a file name of any other shape than `[A-Za-z0-9._-]{1,128}`, and `.` and `..`. */
export function checkName(name: string): void {
  if (typeof name === 'string' && NAME.test(name) && name !== '.' && name !== '..') return
  throw new TypeError(`a file name is 1 to 128 of the characters A-Z a-z 0-9 . _ -, not ${JSON.stringify(name)}`)
}

/** Refuses a range that does not lie inside `bytes`. */
export function checkRange(bytes: Uint8Array, start: number, end: number): void {
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && 0 <= start && start <= end && end <= bytes.length) {
    return
  }
  throw new TypeError(`the range from ${start} to ${end} does not lie inside an array of ${bytes.length} bytes`)
}

/** Refuses what is not a position in a file. */
export function checkPosition(position: number): void {
  if (Number.isSafeInteger(position) && position >= 0) return
  throw new TypeError(`a position in a file is a whole number from 0 on, not ${position}`)
}
