/**
 * Memory of this process that is in use, once the garbage is collected.
 *
 * JavaScript's memory is exact, but of this thread only, and knows nothing of what native code or WebAssembly keeps for
 * itself. Resident memory is all of it, and coarse: an allocator keeps what was freed.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes in use. */
export interface LiveMemory {
  /** Objects of this thread, and what they hold outside of the heap, array buffers included. */
  readonly script: number
  /** Array buffers of this thread. */
  readonly buffers: number
  /** Resident memory of the process. */
  readonly resident: number
}

/** Collects the garbage, and reads what is left. */
export async function liveMemory(): Promise<LiveMemory> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let time = 0; time < COLLECTIONS; time++) {
    collect()
    await new Promise(resolve => setImmediate(resolve))
  }
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage()
  return { script: heapUsed + external, buffers: arrayBuffers, resident: rss }
}

/** What waits for a finalizer is garbage for the next collection only. */
const COLLECTIONS = 3
