/**
 * What surrounds a run of the program: the process, or a test in its place.
 */
import type { OutputStream } from './output.ts'

/** Standard input, which may be a terminal. */
export type InputStream = NodeJS.ReadableStream & AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean }

/** The streams of a run, and its environment. */
export interface Surroundings {
  readonly stdin: InputStream
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly env: NodeJS.ProcessEnv
  /** Fires when the run is to end, as after Ctrl-C. */
  readonly interrupt: AbortSignal
}
