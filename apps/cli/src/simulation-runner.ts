/**
 * Runs a simulation in a thread of its own: it computes for seconds or minutes without a pause, and is to end when asked.
 */
import { LsmError, type LsmErrorCode } from '@lsm/base'
import { Worker } from 'node:worker_threads'

import type { SimulationRequest, SimulationResult } from './simulation-request.ts'

/** What the thread says. */
export type SimulationReply =
  | { readonly kind: 'progress'; readonly done: number; readonly all: number }
  | { readonly kind: 'failed'; readonly code: LsmErrorCode; readonly message: string }
  | { readonly kind: 'done'; readonly result: SimulationResult }

/**
 * Runs a simulation. Rejects with the signal's reason when it fires.
 *
 * @param onProgress - called now and then, with how many flushes there were, and will be.
 */
export async function simulateInThread(
  request: SimulationRequest,
  onProgress: (done: number, all: number) => void,
  signal: AbortSignal,
): Promise<SimulationResult> {
  signal.throwIfAborted()
  const thread = new Worker(new URL('./simulation-thread.js', import.meta.url), { workerData: request })
  const stop = new AbortController()
  try {
    return await new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { signal: stop.signal })
      thread.on('error', reject)
      thread.on('message', (reply: SimulationReply) => {
        if (reply.kind === 'progress') onProgress(reply.done, reply.all)
        else if (reply.kind === 'done') resolve(reply.result)
        else reject(new LsmError(reply.code, reply.message))
      })
    })
  } finally {
    stop.abort()
    await thread.terminate()
  }
}
