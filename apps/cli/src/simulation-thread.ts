/**
 * The thread that a simulation runs in, so that Ctrl-C is heard: see `simulation-runner`.
 */
import { LsmError } from '@lsm/base'
import { parentPort, workerData } from 'node:worker_threads'

import type { SimulationReply } from './simulation-runner.ts'
import type { SimulationRequest } from './simulation-request.ts'
import { runSimulation } from './simulation.ts'

/** Milliseconds between two reports of progress. */
const PAUSE = 100

let next = 0

function onFlush(done: number, all: number): void {
  const now = performance.now()
  if (now < next) return
  next = now + PAUSE
  reply({ kind: 'progress', done, all })
}

function reply(message: SimulationReply): void {
  parentPort?.postMessage(message)
}

try {
  reply({ kind: 'done', result: runSimulation(workerData as SimulationRequest, onFlush) })
} catch (error) {
  // An error loses its class on the way to another thread.
  if (!(error instanceof LsmError)) throw error
  reply({ kind: 'failed', code: error.code, message: error.message })
}
