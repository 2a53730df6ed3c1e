/**
 * What one read sees: the memtables and the version of tables at one moment, held together until it is done.
 *
 * A read that finishes within its call needs no pin, since nothing else runs meanwhile. One that waits for the disk,
 * and an iterator, pins the state, so that no table of it is removed and no memtable of it is used again.
 */
import type { Version, VersionSet } from '@lsm/manifest'
import type { MemTable } from '@lsm/memtable'

import type { MemTableList } from './memtable-list.ts'
import type { MemTablePool } from './memtable-pool.ts'

/** What it shows never changes while it is pinned. */
export class ReadState {
  /** Newest first. */
  readonly memtables: readonly MemTable[]
  readonly version: Version
  readonly #pool: MemTablePool
  #pins = 0

  constructor(memtables: readonly MemTable[], version: Version, pool: MemTablePool) {
    this.memtables = memtables
    this.version = version
    this.#pool = pool
  }

  /** Keeps everything until as many calls of {@link ReadState.unpin}. */
  pin(): void {
    if (this.#pins++ > 0) return
    this.version.pin()
    this.#pool.pin(this.memtables)
  }

  /** Takes one pin back. */
  unpin(): void {
    if (--this.#pins > 0) return
    this.version.unpin()
    this.#pool.unpin(this.memtables)
  }
}

/**
 * Keeps the read state of now at hand, so that reads need not put it together. It follows the version set at once: a
 * version that was replaced is never handed out, since its tables may be removed.
 */
export class CurrentState {
  readonly #memtables: MemTableList
  readonly #versions: VersionSet
  readonly #pool: MemTablePool
  #state: ReadState

  constructor(memtables: MemTableList, versions: VersionSet, pool: MemTablePool) {
    this.#memtables = memtables
    this.#versions = versions
    this.#pool = pool
    this.#state = this.#now()
  }

  /** What a read that starts now sees. */
  get state(): ReadState {
    if (this.#state.version !== this.#versions.current) this.refresh()
    return this.#state
  }

  /** Called when the memtables have changed. */
  refresh(): void {
    this.#state = this.#now()
  }

  #now(): ReadState {
    return new ReadState(this.#memtables.newestFirst(), this.#versions.current, this.#pool)
  }
}
