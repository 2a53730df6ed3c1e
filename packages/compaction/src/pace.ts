/**
 * How long a job may hold its thread before it lets others run.
 *
 * Inline, a job shares the event loop with the program: after each slice it waits for one turn of the loop. In a
 * thread of its own it never waits.
 */

/** Asked by a job between units of work. */
export interface Pace {
  /** Whether it is time to let go of the thread. */
  due(): boolean
  /** Lets everything else that is ready run. */
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
    await new Promise<void>(resolve => setImmediate(resolve))
    this.#end = performance.now() + this.#slice
  }
}
