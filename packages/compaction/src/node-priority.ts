/**
 * How a thread of jobs stands beside the thread that the program runs in.
 *
 * Where there are more busy threads than cores, each waits for the others, and the event loop with them: delays of 50 ms
 * and more were seen on two cores. On Linux a priority belongs to a thread, so that jobs can yield to the program; elsewhere
 * it belongs to the process and is left alone.
 */
import { getPriority, setPriority } from 'node:os'

/**
 * Steps by which a job's thread is nicer than the program: a ninth of its share of a busy core. With 3 the event loop was late by
 * up to 24 ms in sustained overwriting on two cores, with 10 mostly by less than 10, and the writing is not slower: it waits
 * for compactions in any case.
 */
const NICER = 10
const NICEST = 19

/** Makes the calling thread yield to the other threads of the process. Not being allowed to is no failure. */
export function yieldToProgram(): void {
  if (process.platform !== 'linux') return
  try {
    setPriority(0, Math.min(NICEST, getPriority(0) + NICER))
  } catch {
    // Jobs then compete on equal terms.
  }
}
