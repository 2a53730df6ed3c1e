/**
 * What one read sees: the memtables and the version of tables at one moment, held together until it is done.
 *
 * A read that finishes within its call needs no pin, since nothing else runs meanwhile. One that waits for the disk,
 * and an iterator, pins the version, so that no table of it is removed.
 */
import type { Version, VersionSet } from '@lsm/manifest'
import type { MemTable } from '@lsm/memtable'

import type { MemTableList } from './memtable-list.ts'

/** Immutable. */
export interface ReadState {
  /** Newest first. */
  readonly memtables: readonly MemTable[]
  readonly version: Version
}

/**
 * Keeps the read state of now at hand, so that reads need not put it together. It follows the version set at once: a
 * version that was replaced is never handed out, since its tables may be removed.
 */
export class CurrentState {
  readonly #memtables: MemTableList
  readonly #versions: VersionSet
  #state: ReadState

  constructor(memtables: MemTableList, versions: VersionSet) {
    this.#memtables = memtables
    this.#versions = versions
    this.#state = { memtables: memtables.newestFirst(), version: versions.current }
  }

  /** What a read that starts now sees. */
  get state(): ReadState {
    if (this.#state.version !== this.#versions.current) this.refresh()
    return this.#state
  }

  /** Called when the memtables have changed. */
  refresh(): void {
    this.#state = { memtables: this.#memtables.newestFirst(), version: this.#versions.current }
  }
}
