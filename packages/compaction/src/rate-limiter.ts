/**
 * How fast all jobs of a database together may write.
 *
 * Instead of filling a bucket by a clock, it keeps the moment until which the bandwidth is given away, and each chunk
 * moves that moment on by the time it takes:
 *
 *     now        given away until
 *      │ ████████████████│░░░░░░░░│ ← a chunk of 1 MB at 100 MB/s moves it by 10 ms, and waits until it is reached
 *
 * 1. The moment lies in shared memory where there is such, so that jobs in several threads share one rate without a message.
 * 2. Time that nobody used is lost: a burst is never longer than {@link BURST}.
 * 3. A clock that leaps makes nobody wait longer than {@link LONGEST}: a moment beyond that is forgotten.
 *
 * Correctness does not depend on it.
 */
import type { Cancellation } from './job.ts'

/** Milliseconds of unused bandwidth that may be caught up on. */
const BURST = 20
/** Milliseconds ahead of which nothing is given away. */
const LONGEST = 30_000
/** Milliseconds that a waiting job sleeps before it looks whether it was cancelled. */
const NAP = 50

/** Bounds the bytes that are written per second. */
export class RateLimiter {
  /** Bytes per second. */
  readonly bytesPerSecond: number
  /** The state, to be posted to another thread. */
  readonly shared: ArrayBufferLike
  /** Microseconds since 1970 until which bandwidth is given away. */
  readonly #until: BigInt64Array

  /**
   * @param bytesPerSecond - above 0; without a limiter there is no limit.
   * @param shared - the state of a limiter of another thread, to be one with it.
   */
  constructor(bytesPerSecond: number, shared: ArrayBufferLike = memory()) {
    if (!(bytesPerSecond > 0)) throw new TypeError('bytesPerSecond must be above 0')
    this.bytesPerSecond = bytesPerSecond
    this.shared = shared
    this.#until = new BigInt64Array(shared)
  }

  /** Waits until so many bytes that were written are within the rate, or until the job is cancelled. */
  async take(bytes: number, cancellation: Cancellation | undefined): Promise<void> {
    const start = now()
    const end = start + this.reserve(bytes, start)
    const isOver = (): boolean => now() >= end || cancellation?.aborted === true
    while (!isOver()) await sleep(end - now())
  }

  /** Gives bandwidth away; returns how many milliseconds the taker must wait. `at` is in milliseconds since 1970. */
  reserve(bytes: number, at: number): number {
    const until = this.#until
    const takes = (1000 * bytes) / this.bytesPerSecond
    for (;;) {
      const before = Atomics.load(until, 0)
      const given = Number(before) / 1000
      const start = given > at + LONGEST ? at : Math.max(given, at - BURST)
      const after = BigInt(Math.round(1000 * (start + takes)))
      if (Atomics.compareExchange(until, 0, before, after) === before) return Math.max(0, start + takes - at)
    }
  }
}

/** Room for one moment; shared where the platform can. */
function memory(): ArrayBufferLike {
  return typeof SharedArrayBuffer === 'function' ? new SharedArrayBuffer(8) : new ArrayBuffer(8)
}

/** Milliseconds since 1970, by a clock that does not leap within one thread. */
function now(): number {
  return performance.timeOrigin + performance.now()
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise(resolve => {
    setTimeout(resolve, Math.min(NAP, milliseconds))
  })
}
