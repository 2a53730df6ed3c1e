/**
 * How far something has come, in one line on standard error that is rewritten in place: for terminals only.
 */
import type { Output } from './output.ts'

/** Milliseconds between two looks of a person. */
const PAUSE = 100

/** The line of one thing that runs. */
export class Progress {
  readonly #output: Output
  #next = 0

  constructor(output: Output) {
    this.#output = output
  }

  /** Shows a line, unless one was shown just before. */
  show(line: () => string): void {
    const now = performance.now()
    if (now < this.#next) return
    this.#next = now + PAUSE
    this.#output.progress(line())
  }

  /** Takes the line away. */
  end(): void {
    this.#output.progress('')
  }
}
