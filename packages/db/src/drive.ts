/**
 * Who waits for the disk on behalf of a read, and how.
 *
 * A 4 KiB read of a page that the operating system has cached costs about 3 µs when the thread does it itself, and
 * 40 to 70 µs through the thread pool. So loads are done at once while they are as fast as a cache, and in the thread
 * pool as soon as they are as slow as a disk; in the thread pool, a run of fast answers leads back.
 *
 * 1. At most {@link MOST_BLOCKING} of loading is done in a row before others may run.
 */
import type { ReadContext } from '@lsm/base'

/** Milliseconds above which a load was no page-cache hit. */
const SLOW = 0.25
/** Weight of the newest load in the running mean. */
const WEIGHT = 1 / 8
/** Answers of the thread pool, in a row, that must be fast before the thread loads by itself again. */
const FAST_ANSWERS = 16
/** Milliseconds that loads may hold the event loop in a row. */
const MOST_BLOCKING = 4

/** Loads what reads lack; one for all reads of a database, since it learns how fast the disk is. */
export class Drive {
  /** Loads done by the thread itself. */
  blocking = 0
  /** Loads done in the thread pool. */
  pooled = 0
  #mean = 0
  #fastAnswers = 0
  #blockedFor = 0
  #resetting = false

  /** Loads what is lacking without waiting, if that is likely to be quick; says whether it did. */
  tryNow(context: ReadContext): boolean {
    if (!context.lacking || this.#mean > SLOW || this.#blockedFor > MOST_BLOCKING) return false
    const start = performance.now()
    context.loadSync()
    const took = performance.now() - start
    this.blocking++
    this.#mean += (took - this.#mean) * WEIGHT
    this.#blockedFor += took
    if (!this.#resetting) this.#resetAfterTurn()
    return true
  }

  /** Loads what is lacking, or lets others run if nothing is. */
  async wait(context: ReadContext): Promise<void> {
    if (!context.lacking || this.#mean <= SLOW) {
      await turn()
      if (!context.lacking) return
    }
    const start = performance.now()
    await context.load()
    this.pooled++
    this.#fastAnswers = performance.now() - start < SLOW ? this.#fastAnswers + 1 : 0
    if (this.#fastAnswers >= FAST_ANSWERS) this.#mean = 0
  }

  #resetAfterTurn(): void {
    this.#resetting = true
    setImmediate(() => {
      this.#blockedFor = 0
      this.#resetting = false
    })
  }
}

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
