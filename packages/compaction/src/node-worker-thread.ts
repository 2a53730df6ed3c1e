/**
 * One worker thread, seen from outside.
 *
 * 1. It does one job at a time.
 * 2. It keeps the process alive while it does a job, and not while it is idle.
 * 3. When it dies, for whatever reason, its job fails with `LSM_IO` and nothing else does.
 */
import { LsmError } from '@lsm/base'
import { Worker } from 'node:worker_threads'

import type { JobControl } from './job-runner.ts'
import type { Job } from './run-job.ts'
import type { JobResult } from './job.ts'
import type { Assignment, Report, WorkerStart } from './node-worker-messages.ts'
import { fromPortable } from './portable-error.ts'

/** The module that a thread runs. */
export const WORKER_URL: URL = new URL('./node-job-worker.js', import.meta.url)

/** What a thread is doing. */
interface Current {
  readonly onProgress: JobControl['onProgress']
  readonly resolve: (result: JobResult) => void
  readonly reject: (error: unknown) => void
}

/** See the head of this file. */
export class WorkerThread {
  /** Whether the thread has ended. It can do nothing any more, and holds no file. */
  ended = false
  readonly #worker: Worker
  #current: Current | undefined
  /** Why it is dying, if that is known. */
  #cause: unknown

  constructor(start: WorkerStart) {
    this.#worker = new Worker(WORKER_URL, { workerData: start, name: 'lsm-jobs' })
    this.#worker.unref()
    this.#worker.on('message', (report: Report) => this.#hear(report))
    this.#worker.on('messageerror', error => this.#doom(error))
    this.#worker.on('error', error => (this.#cause = error))
    this.#worker.on('exit', code => this.#end(code))
  }

  /** Does a job. */
  async run(job: Job, { signal, onProgress }: JobControl): Promise<JobResult> {
    const cancel = new SharedArrayBuffer(4)
    const stop = (): void => void Atomics.store(new Int32Array(cancel), 0, 1)
    signal?.addEventListener('abort', stop)
    if (signal?.aborted === true) stop()
    this.#worker.ref()
    try {
      return await this.#assign({ job, cancel, tells: onProgress !== undefined }, onProgress)
    } catch (error) {
      throw withReason(error, signal)
    } finally {
      signal?.removeEventListener('abort', stop)
      this.#current = undefined
      this.#worker.unref()
    }
  }

  /** Ends the thread, whatever it is doing. */
  async terminate(): Promise<void> {
    await this.#worker.terminate()
  }

  #assign(assignment: Assignment, onProgress: JobControl['onProgress']): Promise<JobResult> {
    return new Promise((resolve, reject) => {
      this.#current = { onProgress, resolve, reject }
      if (this.ended) this.#fail('ended before the job began')
      else this.#worker.postMessage(assignment)
    })
  }

  #hear(report: Report): void {
    const current = this.#current
    if (report.kind === 'progress') current?.onProgress?.(report.progress)
    else if (report.kind === 'done') current?.resolve(report.result)
    else current?.reject(fromPortable(report.error))
  }

  /** Ends a thread that cannot be understood. */
  #doom(error: Error): void {
    this.#cause = error
    void this.terminate()
  }

  #end(code: number): void {
    this.ended = true
    this.#fail(`ended with exit code ${code}`)
  }

  #fail(how: string): void {
    const error = new LsmError('LSM_IO', `the worker thread of the job ${how}`, { cause: this.#cause })
    this.#current?.reject(error)
  }
}

/** The same error, with the reason of the signal if it is by that. */
function withReason(error: unknown, signal: AbortSignal | undefined): unknown {
  if (!(error instanceof LsmError) || error.code !== 'LSM_ABORTED' || signal === undefined) return error
  return new LsmError('LSM_ABORTED', 'the job was cancelled', { cause: signal.reason })
}
