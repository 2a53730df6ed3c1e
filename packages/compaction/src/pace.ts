/**
 * How long a job may hold its thread before it lets others run.
 *
 * Inline, a job shares the event loop with the program: after each slice it waits for one turn of the loop. In a
 * thread of its own it never waits, and the end of a slice is only a moment to report progress.
 */

/** Asked by a job between units of work. */
export interface Pace {
  /** Whether the slice is over. */
  due(): boolean
  /** Lets everything else that is ready run, and begins a new slice. */
  yield(): Promise<void>
}

/** Lets go of the thread after every slice of so many milliseconds. */
export class SlicedPace implements Pace {
  readonly #slice: number
  #end: number

  constructor(sliceMilliseconds: number) {
    this.#slice = sliceMilliseconds
    this.#end = performance.now() + sliceMilliseconds
  }

  due(): boolean {
    return performance.now() >= this.#end
  }

  async yield(): Promise<void> {
    await turn()
    this.#end = performance.now() + this.#slice
  }
}

/** Never lets go of the thread, which belongs to the job. */
export class OwnThreadPace implements Pace {
  readonly #slice: number
  #end: number

  constructor(sliceMilliseconds: number) {
    this.#slice = sliceMilliseconds
    this.#end = performance.now() + sliceMilliseconds
  }

  due(): boolean {
    return performance.now() >= this.#end
  }

  async yield(): Promise<void> {
    this.#end = performance.now() + this.#slice
  }
}

/** One turn of the event loop. Browsers have no `setImmediate`; there a timer does. */
function turn(): Promise<void> {
  return new Promise(resolve => {
    if (typeof setImmediate === 'function') setImmediate(resolve)
    else setTimeout(resolve, 0)
  })
}
