/**
 * What goes on inside, told to whoever listens.
 */
import type { StallCause } from './write-stall.ts'

/** A table was made of a memtable. */
export interface FlushEvent {
  /** Number of the table. */
  readonly table: number
  /** Bytes of the table. */
  readonly bytes: number
  /** Entries in it, deletions included. */
  readonly entries: number
  /** How long it took. */
  readonly milliseconds: number
}

/** Tables were rewritten, moved or dropped. */
export interface CompactionEvent {
  /** One that fails, or is cancelled, has no `end`. */
  readonly phase: 'start' | 'end'
  /** What was done with the tables. */
  readonly kind: 'rewrite' | 'move' | 'drop'
  /** In plain words. */
  readonly reason: string
  /** Numbers of the tables that went in. */
  readonly inputs: readonly number[]
  /** Numbers of the tables that came out; empty at the start. */
  readonly outputs: readonly number[]
  /** The level that they went to; -1 where they were dropped. */
  readonly outputLevel: number
  /** Bytes read from tables; 0 at the start. */
  readonly bytesRead: number
  /** Bytes of the tables written; 0 at the start. */
  readonly bytesWritten: number
  /** How long it took; 0 at the start. */
  readonly milliseconds: number
}

/** Writes were slowed down or made to wait. */
export interface StallEvent {
  /** Whether it begins or is over. */
  readonly phase: 'start' | 'end'
  /** What writes are held up by. */
  readonly cause: StallCause
  /** Whether they wait; else they are slowed down. */
  readonly stopped: boolean
  /** How long it lasted; 0 at the start. */
  readonly milliseconds: number
}

/** A background job failed. */
export interface ErrorEvent {
  /** What it failed with, usually an `LsmError`. */
  readonly error: unknown
  /** What was to be done. */
  readonly job: 'flush' | 'compaction'
  /** Which attempt it was, from 1. */
  readonly attempt: number
  /** Whether it will be tried again. */
  readonly retried: boolean
}

/** Who does background jobs, and why not workers if it is not. */
export interface RunnerEvent {
  /** `inline`: the thread that opened the database, in slices. `workers`: threads of their own. */
  readonly kind: 'inline' | 'workers'
  /** Why there are no workers, in plain words, where some were asked for. */
  readonly reason: string | undefined
}

/** An iterator, a snapshot or the database itself was garbage-collected without having been closed. */
export interface LeakEvent {
  /** What was. An iterator or snapshot is closed by it; a database stays open, and locked, until the process ends. */
  readonly kind: 'iterator' | 'snapshot' | 'database'
  /** The stack of its making, one line per call, if the database was opened with `trackLeaks`. */
  readonly place: string | undefined
}

/** Events of a database, by name. */
export interface DatabaseEventMap {
  /** A memtable became a table. */
  flush: FlushEvent
  /** A compaction began or ended. */
  compaction: CompactionEvent
  /** Writes began or ceased to be held up. */
  stall: StallEvent
  /** A background job failed. */
  error: ErrorEvent
  /** Once after the open: who does background jobs. */
  runner: RunnerEvent
  /** Something was not closed. The process is warned, once for each kind, if nobody listens. */
  leak: LeakEvent
}

type Listener<E> = (event: E) => void

/** Is told of every event before the listeners are. */
export type EventTap = <N extends keyof DatabaseEventMap>(name: N, event: DatabaseEventMap[N]) => void

/**
 * Tells listeners what goes on. A listener that throws does not disturb the database: its error is reported as if nobody had
 * caught it.
 *
 * @example
 * ```ts
 * import { Database } from '@lsm/db'
 *
 * await using db = await Database.open('./events-example')
 * const stop = db.events.on('flush', event => console.log('flushed', event.entries))
 * await db.put('k', 'v')
 * await db.flush()
 * stop()
 * ```
 */
export class DatabaseEvents {
  readonly #listeners = new Map<keyof DatabaseEventMap, Set<Listener<never>>>()
  readonly #tap: EventTap

  /** @internal */
  constructor(tap: EventTap) {
    this.#tap = tap
  }

  /** Calls `listener` at every event of a name, until the function that this returns is called. */
  on<N extends keyof DatabaseEventMap>(name: N, listener: Listener<DatabaseEventMap[N]>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners)
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }

  /** Whether anybody listens to events of a name. @internal */
  isHeard(name: keyof DatabaseEventMap): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0
  }

  /** Tells what is already so to whoever listens before the next turn of the event loop. @internal */
  announce<N extends keyof DatabaseEventMap>(name: N, event: DatabaseEventMap[N]): void {
    setImmediate(() => this.emit(name, event))
  }

  /** @internal */
  emit<N extends keyof DatabaseEventMap>(name: N, event: DatabaseEventMap[N]): void {
    this.#tap(name, event)
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        ;(listener as Listener<DatabaseEventMap[N]>)(event)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
