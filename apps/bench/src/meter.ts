/**
 * Measures a stretch of work from inside the process that does it.
 *
 *     start ─ lap ─ turn ─ lap ─ turn ─ … ─ stop        lap: one batch, or a hundred single operations
 *
 * 1. After each lap the event loop gets a turn, as in any program that also answers requests. Work of the database in the
 *    main thread falls into laps or into turns; nothing escapes.
 * 2. Event-loop delay is measured twice: by Node's sampler, which sees every blockage of over a millisecond but waits of
 *    less not at all, and by the longest turn. The sampler notes how long it was since it was called last: what lies before
 *    its first call and after its last one it does not see, unless a phase is begun and finished with it ({@link Meter.begin}).
 * 3. The latency of single operations is that of a few: asking for the time before and after each would cost as much as a
 *    fast operation.
 * 4. What the meter keeps does not grow with the number of operations.
 *
 * Does not know databases.
 */
import {
  createHistogram,
  monitorEventLoopDelay,
  type IntervalHistogram,
  type RecordableHistogram,
} from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'

import { processCounters } from './process-counters.ts'

/** How long things took, in microseconds. */
export interface Times {
  readonly median: number
  readonly p95: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/** How long laps took. */
export interface LapTimes extends Times {
  readonly operationsPerLap: number
  /** Laps that took over 100 ms: how many, and milliseconds together. */
  readonly stalls: number
  readonly stalledMilliseconds: number
}

/** What was measured between start and stop. */
export interface Phase {
  /** As db_bench calls it. */
  readonly name: string
  readonly operations: number
  /** Bytes of keys and values that went in or came out. */
  readonly userBytes: number
  readonly seconds: number
  readonly cpuSeconds: number
  /** Operations in each full second. */
  readonly perSecond: readonly number[]
  readonly laps: LapTimes
  /** How long single operations took, where some were timed. */
  readonly single?: Times | undefined
  /** Milliseconds that the event loop was late. The sampler's own interval, 1 ms, is included. */
  readonly loopDelay: { readonly p99: number; readonly max: number; readonly longestTurn: number }
}

const STALL = 100

/** Measures one phase. */
export class Meter {
  readonly #name: string
  readonly #laps = createHistogram()
  readonly #single = createHistogram()
  readonly #delay: IntervalHistogram
  readonly #perSecond: number[] = [0]
  readonly #cpu: number
  readonly #start: number
  #lapStart: number
  #lapSize = 0
  #operations = 0
  #userBytes = 0
  #stalls = 0
  #stalled = 0
  #longestTurn = 0

  constructor(name: string, delay: IntervalHistogram = startedSampler()) {
    this.#name = name
    this.#delay = delay
    this.#cpu = processCounters().cpuSeconds
    this.#start = performance.now()
    this.#lapStart = this.#start
  }

  /** Starts when the sampler is at work, so that it sees a phase that blocks from its first moment on. */
  static async begin(name: string): Promise<Meter> {
    const delay = startedSampler()
    await pause(SAMPLER_STARTS)
    return new Meter(name, delay)
  }

  /** Operations of the laps so far. */
  get operations(): number {
    return this.#operations
  }

  /** Seconds since the start. */
  get seconds(): number {
    return (performance.now() - this.#start) / 1000
  }

  /** Ends a lap of so many operations and bytes, gives the event loop a turn, and begins the next lap. */
  lap(operations: number, userBytes: number): Promise<void> {
    const now = this.endLap(operations, userBytes)
    return new Promise(resolve => {
      setImmediate(() => {
        this.#lapStart = performance.now()
        this.#longestTurn = Math.max(this.#longestTurn, this.#lapStart - now)
        resolve()
      })
    })
  }

  /** Does one operation and notes how long it took. */
  async sample(act: () => Promise<unknown>): Promise<void> {
    const start = performance.now()
    await act()
    this.#single.record(nanoseconds(performance.now() - start))
  }

  /** Ends a lap of so many operations and bytes, without a turn; for the last one. Returns the time. */
  endLap(operations: number, userBytes: number): number {
    const now = performance.now()
    this.#note(now - this.#lapStart)
    this.#operations += operations
    this.#userBytes += userBytes
    this.#lapSize = Math.max(this.#lapSize, operations)
    const second = Math.floor((now - this.#start) / 1000)
    while (this.#perSecond.length <= second) this.#perSecond.push(0)
    this.#perSecond[second] += operations
    return now
  }

  /** Ends the phase when the sampler has noted how long the event loop was held at last; that is not in the time. */
  async finish(): Promise<Phase> {
    const { seconds } = this
    const { cpuSeconds } = processCounters()
    await pause(SAMPLER_STARTS)
    return this.#phase(seconds, cpuSeconds)
  }

  /** Ends the phase. */
  stop(): Phase {
    return this.#phase(this.seconds, processCounters().cpuSeconds)
  }

  #phase(seconds: number, cpuSeconds: number): Phase {
    this.#delay.disable()
    return {
      name: this.#name,
      operations: this.#operations,
      userBytes: this.#userBytes,
      seconds,
      cpuSeconds: cpuSeconds - this.#cpu,
      perSecond: this.#perSecond.slice(0, -1),
      laps: {
        operationsPerLap: this.#lapSize,
        ...timesOf(this.#laps),
        stalls: this.#stalls,
        stalledMilliseconds: this.#stalled,
      },
      single: this.#single.count === 0 ? undefined : timesOf(this.#single),
      loopDelay: {
        p99: this.#delay.percentile(99) / 1e6,
        max: this.#delay.max / 1e6,
        longestTurn: this.#longestTurn,
      },
    }
  }

  #note(milliseconds: number): void {
    this.#laps.record(nanoseconds(milliseconds))
    if (milliseconds <= STALL) return
    this.#stalls++
    this.#stalled += milliseconds
  }
}

/** Milliseconds in which the sampler is called some times. */
const SAMPLER_STARTS = 5

function startedSampler(): IntervalHistogram {
  const sampler = monitorEventLoopDelay({ resolution: 1 })
  sampler.enable()
  return sampler
}

function nanoseconds(milliseconds: number): number {
  return Math.max(1, Math.round(milliseconds * 1e6))
}

function timesOf(histogram: RecordableHistogram): Times {
  const at = (percent: number): number => histogram.percentile(percent) / 1000
  return { median: at(50), p95: at(95), p99: at(99), p999: at(99.9), max: histogram.max / 1000 }
}
