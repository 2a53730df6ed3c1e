/**
 * Who waits for the disk on behalf of a job: the thread itself, or the thread pool.
 *
 * A block that lies in the window of its file, or in the page cache, is there in microseconds; the way through the thread
 * pool would take ten times that. So the thread loads by itself. Where it must not be held up, it stops doing so for a while
 * once a load was as slow as a disk.
 */
import type { ReadContext } from '@lsm/base'

/** Milliseconds above which a load was no page-cache hit. */
const SLOW = 0.5
/** Loads through the thread pool after a slow one. */
const PATIENCE = 32

/** Loads what a job's source lacks. */
export class BlockLoads {
  readonly #context: ReadContext
  readonly #canBlock: boolean
  readonly #ownThread: boolean
  #patience = 0

  /**
   * @param canBlock - whether files can be read synchronously.
   * @param ownThread - whether nothing else waits for the thread.
   */
  constructor(context: ReadContext, canBlock: boolean, ownThread: boolean) {
    this.#context = context
    this.#canBlock = canBlock
    this.#ownThread = ownThread
  }

  /** Loads at once, if that is likely to be quick; says whether it did. */
  tryNow(): boolean {
    if (!this.#canBlock || this.#patience > 0) return false
    const start = performance.now()
    this.#context.loadSync()
    if (!this.#ownThread && performance.now() - start > SLOW) this.#patience = PATIENCE
    return true
  }

  /** Loads through the thread pool. */
  async wait(): Promise<void> {
    await this.#context.load()
    if (this.#patience > 0) this.#patience--
  }
}
