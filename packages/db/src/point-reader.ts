/**
 * Drives look-ups of single keys: at once where everything is resident, through the disk where it is not.
 *
 * One look-up key, one result and one context serve every read that ends within its call. A read that must wait takes
 * the context with it, with what is pinned to it, and leaves a new one behind.
 */
import { FOUND, FoundValue, LookupKey, MISS, ReadContext, type Lookup } from '@lsm/base'
import type { TableCache } from '@lsm/sstable'

import type { Drive } from './drive.ts'
import { copyBytes, mostBytes, write, type Transcoder } from './encoding.ts'
import { pointRead } from './point-read.ts'
import type { ReadState } from './read-state.ts'
import { LEFT, SideBySide, type ReadView } from './side-by-side.ts'
import type { TurnClock } from './turn-clock.ts'

/** Stands for a value that is not known yet. */
const LACKING = Symbol('lacking')

/** Reads single keys. */
export class PointReader {
  readonly #tables: TableCache
  readonly #drive: Drive
  readonly #clock: TurnClock
  readonly #sideBySide: SideBySide
  #key = new LookupKey()
  #found = new FoundValue()
  #context = new ReadContext()
  /** Reads that go on after their call. */
  readonly #goingOn = new Set<Promise<unknown>>()

  constructor(tables: TableCache, drive: Drive, clock: TurnClock) {
    this.#tables = tables
    this.#drive = drive
    this.#clock = clock
    this.#sideBySide = new SideBySide(tables)
  }

  /** The value of a key as of a sequence number, blocking the thread where the disk is needed. */
  getSync(prepared: string | Uint8Array, state: ReadState, sequence: number, encoding: Transcoder): unknown {
    try {
      this.#setKey(prepared, sequence)
      let lookup = this.#read(state)
      while (lookup === MISS) {
        this.#context.loadSync()
        lookup = this.#read(state)
      }
      return this.#result(lookup, encoding)
    } finally {
      this.#context.release()
    }
  }

  /** The same without blocking for long. */
  get(prepared: string | Uint8Array, state: ReadState, sequence: number, encoding: Transcoder): Promise<unknown> {
    try {
      const value = this.#tryGet(prepared, state, sequence, encoding)
      if (value === LACKING) return this.#getWaiting(state, encoding)
      return this.#clock.isLong() ? this.#inNextTurn(value) : Promise.resolve(value)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** The values of several keys, all as of one moment. */
  getMany(
    prepared: readonly (string | Uint8Array)[],
    state: ReadState,
    sequence: number,
    encoding: Transcoder,
  ): Promise<unknown[]> {
    return this.#noted(this.#getMany(prepared, { state, sequence, encoding }))
  }

  async #getMany(prepared: readonly (string | Uint8Array)[], view: ReadView): Promise<unknown[]> {
    const { state, sequence, encoding } = view
    const values: unknown[] = []
    let keys = prepared
    let waits = false
    state.pin()
    try {
      while (values.length < keys.length) {
        const first = values.length
        this.#sideBySide.readSome(keys, values, view)
        for (let i = first; i < values.length; i++) {
          if (values[i] !== LEFT) continue
          const value = this.#tryGet(keys[i], state, sequence, encoding)
          waits ||= value === LACKING
          values[i] = value === LACKING ? this.#getWaiting(state, encoding) : value
        }
        if (!this.#clock.isLong(values.length - first)) continue
        // The caller may use its arrays again as soon as the call has returned.
        if (keys === prepared) keys = prepared.map(own)
        await this.#clock.nextTurn()
      }
      return waits ? await Promise.all(values) : values
    } finally {
      state.unpin()
    }
  }

  /** Resolves when no read is going on any more. */
  async settled(): Promise<void> {
    while (this.#goingOn.size > 0) await Promise.allSettled(this.#goingOn)
  }

  /** The value, or {@link LACKING} if the disk must be waited for: the key and context then hold the read. */
  #tryGet(prepared: string | Uint8Array, state: ReadState, sequence: number, encoding: Transcoder): unknown {
    const context = this.#context
    try {
      this.#setKey(prepared, sequence)
      let lookup = this.#read(state)
      while (lookup === MISS && this.#drive.tryNow(context)) lookup = this.#read(state)
      if (lookup === MISS) return LACKING
      const value = this.#result(lookup, encoding)
      context.release()
      return value
    } catch (error) {
      context.release()
      throw error
    }
  }

  #getWaiting(state: ReadState, encoding: Transcoder): Promise<unknown> {
    return this.#noted(this.#wait(state, encoding))
  }

  /** Notes a read that goes on after its call, until it ends. */
  #noted<T>(reading: Promise<T>): Promise<T> {
    this.#goingOn.add(reading)
    void reading.catch(() => undefined).then(() => this.#goingOn.delete(reading))
    return reading
  }

  async #wait(state: ReadState, encoding: Transcoder): Promise<unknown> {
    const key = this.#key
    const context = this.#context
    const found = new FoundValue()
    this.#key = new LookupKey()
    this.#context = new ReadContext()
    state.pin()
    try {
      let lookup: Lookup = MISS
      while (lookup === MISS) {
        await this.#drive.wait(context)
        lookup = pointRead(key, state, this.#tables, found, context)
      }
      return lookup === FOUND ? encoding.read(found.bytes, found.start, found.end) : undefined
    } finally {
      state.unpin()
      context.release()
    }
  }

  async #inNextTurn(value: unknown): Promise<unknown> {
    await this.#clock.nextTurn()
    return value
  }

  #setKey(prepared: string | Uint8Array, sequence: number): void {
    const bytes = this.#key.reserve(mostBytes(prepared))
    this.#key.seal(write(prepared, bytes, 0), sequence)
  }

  #read(state: ReadState): Lookup {
    return pointRead(this.#key, state, this.#tables, this.#found, this.#context)
  }

  #result(lookup: Lookup, encoding: Transcoder): unknown {
    const found = this.#found
    return lookup === FOUND ? encoding.read(found.bytes, found.start, found.end) : undefined
  }
}

/** A key that does not change, whatever its caller does. */
function own(prepared: string | Uint8Array): string | Uint8Array {
  return typeof prepared === 'string' ? prepared : copyBytes(prepared, 0, prepared.length)
}
