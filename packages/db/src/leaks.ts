/**
 * Handles that were forgotten instead of closed: what they held is released, and somebody is told.
 *
 *     Iterator ──▶ Cursor        the user's handle ──▶ what it holds of the database
 *     Snapshot ──▶ hold          collected while it is open ──▶ the held thing is released, event `leak`
 *     Database ──▶ (nothing)     told of; it stays open, and locked, until the process ends
 *
 * 1. Nothing that the database keeps leads to a handle, or it would never be collected.
 * 2. A place is kept as text: a stack that is not yet text leads to the objects whose methods are in it, and the handle is
 *    likely to be a field of one of them. To make it text takes microseconds, so it is done only if asked for.
 * 3. A handle that is closed in the turn of the event loop in which it was made, as most are, is never registered: that
 *    costs more than a short scan.
 * 4. When a handle is collected is up to the engine of JavaScript; at the end of the process, none is.
 */
import type { DatabaseEvents, LeakEvent } from './events.ts'
import { warnOfLeak } from './node-warning.ts'

/** What is left of a handle. */
export interface Held {
  readonly kind: LeakEvent['kind']
  /** Where the handle was made, if that was kept. */
  readonly place: string | undefined
  readonly leaks: Leaks
  /** Whether {@link Held.release} was called. */
  readonly released: boolean
  /** Whether the handle is registered; the tracker's own. */
  watched: boolean
  /** Gives up what the handle held. */
  release(): void
}

const forgotten = new FinalizationRegistry<Held>(held => held.leaks.report(held))

/** Watches the handles of one database. */
export class Leaks {
  readonly #path: string
  readonly #events: DatabaseEvents
  readonly #keepsPlaces: boolean
  /** Kinds that the process was warned of. */
  readonly #warned = new Set<string>()
  /** Handles that were made in this turn, and what they hold. */
  #handles: object[] = []
  #helds: Held[] = []
  #closed = false

  constructor(path: string, events: DatabaseEvents, keepsPlaces: boolean) {
    this.#path = path
    this.#events = events
    this.#keepsPlaces = keepsPlaces
  }

  /** Who called, if places are kept. */
  place(): string | undefined {
    return this.#keepsPlaces ? placeOf() : undefined
  }

  /** Watches a handle until {@link Leaks.forget | forget} is called for what it holds. */
  watch(handle: object, held: Held): void {
    this.#handles.push(handle)
    this.#helds.push(held)
    if (this.#helds.length === 1) setImmediate(this.#register)
  }

  /** The handle was closed. */
  forget(held: Held): void {
    if (held.watched) forgotten.unregister(held)
  }

  /** The database is closed, and with it all that its handles held: none of them leaks any more. */
  close(): void {
    this.#closed = true
  }

  /** A handle was collected. @internal */
  report(held: Held): void {
    if (this.#closed) return
    held.release()
    const { kind, place } = held
    const isHeard = this.#events.isHeard('leak')
    this.#events.emit('leak', { kind, place })
    if (isHeard || this.#warned.has(kind)) return
    this.#warned.add(kind)
    warnOfLeak(this.#path, kind, place)
  }

  readonly #register = (): void => {
    const handles = this.#handles
    const helds = this.#helds
    this.#handles = []
    this.#helds = []
    for (const [i, held] of helds.entries()) {
      if (held.released) continue
      held.watched = true
      forgotten.register(handles[i], held, held)
    }
  }
}

/** Our own files, as stacks name them. */
const HERE = new URL('.', import.meta.url).href

/** The calls that led here from outside, one line each, the innermost first. */
export function placeOf(): string {
  const lines = (new Error().stack ?? '').split('\n').slice(1)
  const outside = lines.findIndex(line => !line.includes(HERE))
  return lines
    .slice(Math.max(0, outside))
    .map(line => line.trim())
    .join('\n')
}
