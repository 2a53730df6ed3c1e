/**
 * What goes on behind the calls: frozen memtables become tables, and tables become fewer.
 *
 *     something changed ─▶ start ─┬─ a memtable is frozen?       flush it, one at a time
 *                                 ├─ the strategy has a plan?    carry it out, several at a time
 *                                 └─ tell the gate how the tree is
 *
 * 1. One flush at a time, oldest memtable first, so that level 0 stays in the order of age.
 * 2. A failed job is tried again, later each time; a full disk for as long as it is full, anything else a few times. Then
 *    background work stops, and writes with it through `onFailure`, until `revive`; reads go on.
 * 3. While the disk is full, whoever would have to wait for a job gets that error instead.
 * 4. A failed MANIFEST is never tried again.
 *
 * Owns the running jobs and the failure. What a flush does is in `flush-frozen`, what a compaction does in `compactions`.
 */
import { LsmError } from '@lsm/base'
import type { Plan, Strategy } from '@lsm/compaction'
import { VersionEdit } from '@lsm/manifest'
import type { TableCache } from '@lsm/sstable'

import type { Compactions } from './compactions.ts'
import type { DatabaseEvents } from './events.ts'
import { flushFrozen, type FlushParts } from './flush-frozen.ts'
import type { FrozenMemTable } from './memtable-list.ts'
import type { WriteGate } from './write-gate.ts'
import { decideStall, type StallLimits } from './write-stall.ts'

/** What background work uses. */
export interface BackgroundParts extends FlushParts {
  readonly tables: TableCache
  readonly strategy: Strategy
  readonly compactions: Compactions
  readonly gate: WriteGate
  readonly limits: StallLimits
  readonly events: DatabaseEvents
  /** Called with the failure that stopped background work. */
  readonly onFailure: (error: unknown) => void
}

/** Times that a job is tried before its failure is final. */
const ATTEMPTS = 5
/** Milliseconds before the second attempt; doubled for each one after it. */
const FIRST_PAUSE = 100
const LONGEST_PAUSE = 5000
/** Milliseconds after the open that belong to its user: what tables say of themselves is read after them. */
const FIRST_READS = 30
/** Milliseconds between two looks at tables that grow old by themselves. */
const AGEING = 60_000

/** See the file's header. */
export class Background {
  /** Tables written by flushes. */
  flushes = 0
  /** Bytes written by flushes. */
  flushedBytes = 0
  readonly #parts: BackgroundParts
  readonly #cancel = new AbortController()
  readonly #running = new Set<Promise<void>>()
  readonly #ageing: ReturnType<typeof setInterval>
  #flushing = false
  #paused = 0
  #failure: unknown
  /** Failures in a row. */
  #failures = 0
  /** The last failure, while it is a full disk. */
  #diskFull: LsmError | undefined
  /** Set from a failure to the next attempt. */
  #backingOff = false
  /** Whether the strategy, asked last while no compaction was running, had nothing to do. */
  #inShape = false

  constructor(parts: BackgroundParts) {
    this.#parts = parts
    this.#ageing = setInterval(() => this.start(), AGEING)
    this.#ageing.unref?.()
    this.#track(this.#loadFacts())
  }

  /** Why background work has stopped, if it has. */
  get failure(): unknown {
    return this.#failure
  }

  /** Jobs that are running. */
  get jobs(): number {
    return this.#parts.compactions.running.size + (this.#flushing ? 1 : 0)
  }

  /** Starts what can be started now, and tells the gate how the tree is. Never throws: a strategy that does ends background work. */
  start(): void {
    try {
      if (!this.#isStopped() && !this.#backingOff) this.#startJobs()
      this.#look()
    } catch (error) {
      this.#stop(error)
    }
  }

  /** Resolves when there is room for one more frozen memtable; rejects when work has stopped, or the signal fires. */
  async room(signal?: AbortSignal): Promise<void> {
    const { memtables, gate, limits } = this.#parts
    const ready = (): boolean => memtables.frozen.length < limits.maxFrozenMemTables
    this.start()
    await gate.wait('memtables', ready, () => this.blocked(), signal)
  }

  /** Resolves when no frozen memtable is left; rejects when work has stopped. */
  async flushed(): Promise<void> {
    await this.#until(() => this.#parts.memtables.frozen.length === 0)
  }

  /** Resolves when everything that was in logs below a number is in tables, durably. */
  async leaveLogs(nextLogNumber: number): Promise<void> {
    const { versions, obsolete } = this.#parts
    await this.flushed()
    const edit = new VersionEdit()
    edit.logNumber = nextLogNumber
    edit.prevLogNumber = 0
    await versions.apply(edit)
    await obsolete.remove()
  }

  /** Resolves when there is nothing to do; rejects when work has stopped. */
  async idle(): Promise<void> {
    await this.#until(() => this.#running.size === 0)
  }

  /** Starts no compaction until {@link Background.resume}, and waits for those that run. Flushes go on. Pauses add up. */
  async pause(): Promise<void> {
    this.#paused++
    const { compactions } = this.#parts
    while (compactions.running.size > 0 && !this.#isStopped()) await Promise.race(this.#running)
  }

  /** Takes one pause back. */
  resume(): void {
    this.#paused = Math.max(0, this.#paused - 1)
    this.start()
  }

  /** Does a job that somebody asked for: its failure is theirs, and others can wait for its end. */
  async perform<T>(work: () => Promise<T>): Promise<T> {
    const stopped = this.stopped()
    if (stopped !== undefined) throw stopped
    const job = work()
    this.#track(job)
    try {
      return await job
    } catch (error) {
      throw closingOf(error) ?? error
    }
  }

  /** Resolves when a running job has ended, or the signal fires; rejects when work has stopped. */
  async nextChange(signal?: AbortSignal): Promise<void> {
    const stopped = this.stopped()
    if (stopped !== undefined) throw stopped
    await Promise.race(signal === undefined ? this.#running : [...this.#running, fired(signal)])
  }

  /** Begins anew after background work has stopped. */
  revive(): void {
    this.#failure = undefined
    this.#failures = 0
    this.#diskFull = undefined
    this.start()
  }

  /** The error that a write gets instead of waiting, if there is one: work has stopped, or cannot go on for a full disk. */
  blocked(): unknown {
    return this.stopped() ?? this.#diskFull
  }

  /** The error that ends all work, if there is one. */
  stopped(): unknown {
    return this.#failure ?? (this.#cancel.signal.aborted ? this.#cancel.signal.reason : undefined)
  }

  /** Fires when the database is closed. */
  get signal(): AbortSignal {
    return this.#cancel.signal
  }

  /** Cancels what is running and waits for its end. What was not flushed is still in its log. */
  async close(): Promise<void> {
    this.#cancel.abort(new LsmError('LSM_CLOSED', 'the database is closed'))
    clearInterval(this.#ageing)
    this.#look()
    await Promise.allSettled(this.#running)
  }

  #startJobs(): void {
    const { memtables, compactions, runner, strategy } = this.#parts
    if (!this.#flushing && memtables.frozen.length > 0) this.#track(this.#flushOldest())
    // With more than one job at a time, one is left for flushes: writes wait for them.
    const most = Math.max(1, runner.parallel - 1)
    while (this.#paused === 0 && compactions.running.size < most) {
      const plan = strategy.plan(compactions.tree())
      this.#inShape = plan === undefined && compactions.running.size === 0
      if (plan === undefined || (this.#flushing && staysInLevel0(plan))) break
      this.#track(this.#attempt('compaction', () => compactions.run(plan, this.#cancel.signal)))
    }
  }

  /** Ends background work for good. */
  #stop(error: unknown): void {
    const { gate, onFailure } = this.#parts
    this.#failure ??= error
    onFailure(error)
    gate.update(gate.decision)
  }

  #isStopped(): boolean {
    return this.stopped() !== undefined
  }

  /** Decides how writes may go on, and lets whoever waits for a change look again. */
  #look(): void {
    const { gate, limits, memtables, versions, strategy, compactions } = this.#parts
    // Nobody waits for work that nobody does: a strategy that plans nothing is content, whatever it counts.
    const isContent = this.#inShape && this.#paused === 0 && compactions.running.size === 0
    const counts = {
      frozenMemTables: memtables.frozen.length,
      level0Tables: strategy.usesLevels && !isContent ? versions.current.levels[0].length : 0,
      pendingBytes: isContent ? 0 : strategy.pendingBytes(compactions.tree()),
    }
    gate.update(decideStall(counts, limits))
  }

  async #until(reached: () => boolean): Promise<void> {
    this.start()
    for (;;) {
      const stopped = this.blocked()
      if (stopped !== undefined) throw stopped
      if (reached()) return
      await Promise.race(this.#running)
    }
  }

  /** Notes a job as running until it ends, well or not; then looks what is to be done. */
  #track(job: Promise<unknown>): void {
    const tracked = this.#afterwards(job)
    this.#running.add(tracked)
    void tracked.then(() => this.#running.delete(tracked))
  }

  async #afterwards(job: Promise<unknown>): Promise<void> {
    await Promise.allSettled([job])
    this.start()
  }

  async #loadFacts(): Promise<void> {
    const { facts, versions, tables } = this.#parts
    await pauseFor(FIRST_READS, this.#cancel.signal)
    await facts.load(versions.current, tables, this.#cancel.signal)
  }

  /** Runs a job; keeps its failure, or sees to it that it is tried again. Never rejects. */
  async #attempt(job: 'flush' | 'compaction', work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
      this.#failures = 0
      this.#diskFull = undefined
    } catch (error) {
      if (this.#isStopped()) return
      this.#failures++
      this.#diskFull = error instanceof LsmError && error.code === 'LSM_DISK_FULL' ? error : undefined
      const retried = !this.#parts.versions.failed && mayRetry(error, this.#failures)
      this.#parts.events.emit('error', { error, job, attempt: this.#failures, retried })
      if (retried) this.#tryLater()
      else this.#stop(error)
    }
  }

  #tryLater(): void {
    if (this.#backingOff) return
    this.#backingOff = true
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.#failures - 1))
    this.#track(this.#backOff(pause))
  }

  async #backOff(pause: number): Promise<void> {
    await pauseFor(pause, this.#cancel.signal)
    this.#backingOff = false
  }

  async #flushOldest(): Promise<void> {
    this.#flushing = true
    try {
      await this.#attempt('flush', () => this.#flush(this.#parts.memtables.frozen[0]))
    } finally {
      this.#flushing = false
    }
  }

  async #flush(frozen: FrozenMemTable): Promise<void> {
    const { events, obsolete } = this.#parts
    const start = performance.now()
    const flushed = await flushFrozen(this.#parts, frozen, this.#cancel.signal)
    this.flushes++
    this.flushedBytes += flushed.bytes
    events.emit('flush', { ...flushed, milliseconds: performance.now() - start })
    await obsolete.remove()
  }
}

/**
 * Whether a plan writes to level 0, where a greater file number is newer: it must not begin while a flush has a smaller
 * number and newer data.
 */
function staysInLevel0(plan: Plan): boolean {
  return plan.kind !== 'drop' && plan.outputLevel === 0
}

/** Whether a failed job is worth another attempt. */
function mayRetry(error: unknown, failures: number): boolean {
  if (!(error instanceof LsmError)) return failures < ATTEMPTS
  if (error.code === 'LSM_DISK_FULL') return true
  return error.code !== 'LSM_READ_ONLY' && error.code !== 'LSM_CLOSED' && failures < ATTEMPTS
}

/** Waits so many milliseconds, or until the signal fires. */
function pauseFor(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/** The close that ended a job, if that is why it failed: who asked for the job did not cancel it. */
function closingOf(error: unknown): LsmError | undefined {
  const cause = error instanceof LsmError && error.code === 'LSM_ABORTED' ? error.cause : undefined
  return cause instanceof LsmError && cause.code === 'LSM_CLOSED' ? cause : undefined
}

/** Resolves when a signal fires. */
function fired(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
