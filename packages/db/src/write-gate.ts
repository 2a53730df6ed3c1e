/**
 * Where writes are slowed down, or wait, so that the tree stays in shape.
 *
 * `write-stall` decides; the gate carries it out, tells it, and counts it.
 *
 * 1. Every wait has a cause, an event at its start and one at its end, and a counter.
 * 2. A waiting write goes on as soon as the decision allows it, ends with `LSM_ABORTED` when its signal fires, and with the
 *    failure when background work has stopped for good: it cannot wait for ever.
 */
import { LsmError } from '@lsm/base'

import type { DatabaseEvents } from './events.ts'
import { delayFor, type StallCause, type StallDecision } from './write-stall.ts'

/** Milliseconds of delay that are worth a timer; less is saved up. */
const SHORTEST_DELAY = 1
/** Milliseconds that one delay may last, so that a better decision is soon felt. */
const LONGEST_DELAY = 100

/** How long writes were held up, by cause. */
export interface StallTotals {
  /** Times that writes were slowed down or waited. */
  readonly count: number
  readonly milliseconds: number
}

/** Lets writes through, now or later. */
export class WriteGate {
  /** What writes are to do now. */
  decision: StallDecision = { pressure: 0, cause: undefined }
  readonly #events: DatabaseEvents
  readonly #totals = new Map<StallCause, StallTotals>()
  /** Milliseconds that writes owe. */
  #owed = 0
  /** Resolved at the next change. */
  #changed = signalOf()
  #slowedSince: { readonly cause: StallCause; readonly at: number } | undefined

  constructor(events: DatabaseEvents) {
    this.#events = events
  }

  /** Whether a write may pass without asking. */
  get isOpen(): boolean {
    return this.decision.pressure === 0
  }

  /** How often and how long writes were held up, by cause. */
  totals(): ReadonlyMap<StallCause, StallTotals> {
    return this.#totals
  }

  /** Takes a new decision; waiting writes look again. */
  update(decision: StallDecision): void {
    this.#tellSlowing(decision)
    this.decision = decision
    if (decision.pressure === 0) this.#owed = 0
    this.#changed.resolve()
    this.#changed = signalOf()
  }

  /** Holds a write of so many bytes up as the decision says. */
  async pass(bytes: number, failed: () => unknown, signal?: AbortSignal): Promise<void> {
    if (this.decision.pressure >= 1) {
      await this.wait(this.decision.cause ?? 'level0', () => this.decision.pressure < 1, failed, signal)
    }
    this.#owed += delayFor(bytes, this.decision.pressure)
    if (this.#owed < SHORTEST_DELAY) return
    const delay = Math.min(this.#owed, LONGEST_DELAY)
    const start = performance.now()
    await Promise.race([sleep(delay, signal), this.#changed.promise])
    this.#owed = Math.max(0, this.#owed - (performance.now() - start))
  }

  /** Waits for something that changes with the tree; the wait has a cause and is told. */
  async wait(cause: StallCause, ready: () => boolean, failed: () => unknown, signal?: AbortSignal): Promise<void> {
    if (ready()) return
    const start = performance.now()
    this.#events.emit('stall', { phase: 'start', cause, stopped: true, milliseconds: 0 })
    try {
      while (!ready()) {
        const failure = failed()
        if (failure !== undefined) throw failure
        await orAborted(this.#changed.promise, signal)
      }
    } finally {
      const milliseconds = performance.now() - start
      this.#count(cause, milliseconds)
      this.#events.emit('stall', { phase: 'end', cause, stopped: true, milliseconds })
    }
  }

  /** Tells when slowing down begins and ends. */
  #tellSlowing({ pressure, cause }: StallDecision): void {
    const since = this.#slowedSince
    if (since === undefined && pressure > 0 && cause !== undefined) {
      this.#slowedSince = { cause, at: performance.now() }
      this.#events.emit('stall', { phase: 'start', cause, stopped: false, milliseconds: 0 })
    } else if (since !== undefined && pressure === 0) {
      this.#slowedSince = undefined
      const milliseconds = performance.now() - since.at
      this.#count(since.cause, milliseconds)
      this.#events.emit('stall', { phase: 'end', cause: since.cause, stopped: false, milliseconds })
    }
  }

  #count(cause: StallCause, milliseconds: number): void {
    const before = this.#totals.get(cause) ?? { count: 0, milliseconds: 0 }
    this.#totals.set(cause, { count: before.count + 1, milliseconds: before.milliseconds + milliseconds })
  }
}

/** The error of a write whose signal has fired. */
export function abortedError(signal: AbortSignal): LsmError {
  return new LsmError('LSM_ABORTED', 'the write was aborted while it waited; nothing of it was written', {
    cause: signal.reason,
  })
}

interface Signal {
  readonly promise: Promise<void>
  readonly resolve: () => void
}

function signalOf(): Signal {
  let resolve!: () => void
  const promise = new Promise<void>(done => {
    resolve = done
  })
  return { promise, resolve }
}

/** Waits for a promise, or throws as soon as the signal fires. */
async function orAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return promise
  if (signal.aborted) throw abortedError(signal)
  let onAbort!: () => void
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(abortedError(signal))
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

async function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const slept = new Promise<void>(resolve => {
    timer = setTimeout(resolve, milliseconds)
  })
  try {
    await orAborted(slept, signal)
  } finally {
    clearTimeout(timer)
  }
}
