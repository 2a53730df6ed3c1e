/**
 * Who waits for the disk on behalf of a read, and how.
 *
 * A 4 KiB read of a page that the operating system has cached costs about 3 µs when the thread does it itself, and
 * 40 to 70 µs through the thread pool. So loads are done at once while they are as fast as a cache, and in the thread
 * pool as soon as they are as slow as a disk. Fast answers of the thread pool lead back, and so does a load that is
 * tried now and then: where many reads wait at a time, no answer is fast. What is read in a row goes to the thread pool in any
 * case, many blocks at a time.
 *
 * 1. Loads are done in a row for at most {@link MOST_BLOCKING} before others may run.
 * 2. While the disk is slow it is tried ever less often, once a second in the end.
 */
import type { ReadContext } from '@lsm/base'

/** Milliseconds above which a load was no page-cache hit: these take 0.01 to 0.03. */
const SLOW = 0.06
/** Loads that tell nothing of the disk: the code that does them has not run before. */
const FIRST_LOADS = 16
/** Milliseconds of a load that count at most: one pause for garbage in a load makes no slow disk. */
const MOST_COUNTED = 0.25
/** Weight of the newest load in the running mean. */
const WEIGHT = 1 / 8
/** Milliseconds within which the thread pool answers where no disk is waited for. */
const FAST_ANSWER = 0.25
/** Answers of the thread pool, in a row, that must be fast before the thread loads by itself again. */
const FAST_ANSWERS = 16
/** Milliseconds from the first load of a turn to the last. */
const MOST_BLOCKING = 2
/** Milliseconds from a slow load to the first that is tried again; doubled for each that is slow still. */
const FIRST_PAUSE = 20
const LONGEST_PAUSE = 1000

/** Loads what reads lack; one for all reads of a database, since it learns how fast the disk is. */
export class Drive {
  /** Loads done by the thread itself. */
  blocking = 0
  /** Loads done in the thread pool. */
  pooled = 0
  readonly #now: () => number
  #mean = 0
  #fastAnswers = 0
  /** When the first load of this turn began; `undefined` where there was none. */
  #blockingSince: number | undefined
  #pause = FIRST_PAUSE
  /** When the thread may load by itself again although the disk was slow. */
  #retryAt = 0

  /** @param now - milliseconds; only differences count. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Loads what is lacking without waiting, if that is likely to be quick; says whether it did. */
  tryNow(context: ReadContext): boolean {
    if (!context.lacking || context.isSequential) return false
    const start = this.#now()
    if (this.#blockingSince !== undefined && start - this.#blockingSince > MOST_BLOCKING) return false
    if (this.#mean > SLOW && start < this.#retryAt) return false
    if (this.#blockingSince === undefined) this.#begin(start)
    context.loadSync()
    const end = this.#now()
    this.blocking++
    this.#learn(end - start, end)
    return true
  }

  /** Loads what is lacking, or lets others run if nothing is. */
  async wait(context: ReadContext): Promise<void> {
    if (!context.lacking) return turn()
    while (this.#mean <= SLOW && !context.isSequential) {
      await turn()
      if (this.tryNow(context) || !context.lacking) return
    }
    const start = this.#now()
    await context.load()
    this.pooled++
    this.#fastAnswers = this.#now() - start < FAST_ANSWER ? this.#fastAnswers + 1 : 0
    if (this.#fastAnswers >= FAST_ANSWERS) this.#mean = 0
  }

  #learn(took: number, now: number): void {
    if (this.blocking <= FIRST_LOADS) return
    if (this.#mean > SLOW && took <= SLOW) {
      this.#mean = 0
      this.#pause = FIRST_PAUSE
      return
    }
    this.#mean += (Math.min(took, MOST_COUNTED) - this.#mean) * WEIGHT
    if (this.#mean <= SLOW) return
    this.#retryAt = now + this.#pause
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE)
  }

  #begin(now: number): void {
    this.#blockingSince = now
    setImmediate(() => {
      this.#blockingSince = undefined
    })
  }
}

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
