/**
 * Keeps a loop of awaited calls from holding the event loop.
 *
 * Most calls are done within the call, so that their promises are resolved at once, and a program that awaits one after
 * the other never leaves its turn of the event loop: timers, sockets and the results of worker threads wait for the end
 * of its loop. So a call that ends a long turn resolves in the next one.
 *
 *     put put put … put │ put put …          every 32nd call looks at the clock; one that finds the turn longer
 *     └──── 4 ms ──────┘ └ next turn         than a slice gives a promise of the next turn
 */

/** Milliseconds that a turn may last. */
const SLICE = 4
/** Calls between two looks at the clock. */
const CALLS_PER_LOOK = 32

/** One for all calls of a database. */
export class TurnClock {
  #calls = 0
  #start = 0
  /** Whether `#start` belongs to the turn that is going on. */
  #started = false
  #next: Promise<void> | undefined

  /**
   * Whether the turn that is going on has lasted long; asked once by each call that is about to resolve.
   *
   * @param weight - how many calls this one is worth.
   */
  isLong(weight = 1): boolean {
    this.#calls += weight
    if (this.#calls < CALLS_PER_LOOK) return false
    this.#calls = 0
    const now = performance.now()
    if (this.#started) return now - this.#start > SLICE
    this.#started = true
    this.#start = now
    setImmediate(() => {
      this.#started = false
    })
    return false
  }

  /** Resolves in the next turn. */
  nextTurn(): Promise<void> {
    this.#next ??= new Promise(resolve => {
      setImmediate(() => {
        this.#next = undefined
        resolve()
      })
    })
    return this.#next
  }
}
