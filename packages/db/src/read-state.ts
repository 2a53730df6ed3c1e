/**
 * What one read sees: the memtables and the version of tables at one moment, held together until it is done.
 *
 * A read that finishes within its call needs no pin, since nothing else runs meanwhile. One that waits for the disk,
 * and an iterator, pins the state, so that no table of it is removed and no memtable of it is used again.
 *
 * It also counts what its tables of level 0 have cost those who walk: every walk has to merge them. Once that is more than it takes
 * to merge them into the level below for good, whoever does such work is told. A seek in a table is worth 16 KiB of merging, as in
 * LevelDB; look-ups do not count, since filters spare them the tables.
 */
import type { Version, VersionSet } from '@lsm/manifest'
import type { MemTable } from '@lsm/memtable'

import type { MemTableList } from './memtable-list.ts'
import type { MemTablePool } from './memtable-pool.ts'

/** Bytes of merging that a seek in a table is worth. */
const BYTES_PER_SEEK = 16 * 1024
/** Seeks that no merging is cheaper than. */
const FEWEST_SEEKS = 512

/** What it shows never changes while it is pinned. */
export class ReadState {
  /** Newest first. */
  readonly memtables: readonly MemTable[]
  readonly version: Version
  readonly #pool: MemTablePool
  readonly #onReadHeavy: () => void
  readonly #worth: number
  #seeks = 0
  #pins = 0

  constructor(memtables: readonly MemTable[], version: Version, pool: MemTablePool, onReadHeavy: () => void) {
    this.memtables = memtables
    this.version = version
    this.#pool = pool
    this.#onReadHeavy = onReadHeavy
    this.#worth = worthOfLevel0(version)
  }

  /** Whether level 0 has cost those who walk more than its merging would. */
  get isReadHeavy(): boolean {
    return this.#seeks >= this.#worth
  }

  /** A walk looks for its place, in every table of level 0. */
  noteSeek(): void {
    const before = this.#seeks
    this.#seeks = before + this.version.levels[0].length
    if (before < this.#worth && this.isReadHeavy) this.#onReadHeavy()
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

/** Seeks in level 0 that are worth its merging into the level below; without end where it is empty. */
function worthOfLevel0(version: Version): number {
  const { levels } = version
  if (levels[0].length === 0) return Number.POSITIVE_INFINITY
  const below = levels.findIndex((files, level) => level > 0 && files.length > 0)
  const bytes = version.levelBytes(0) + (below < 0 ? 0 : version.levelBytes(below))
  return Math.max(FEWEST_SEEKS, bytes / BYTES_PER_SEEK)
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
  /** Called when level 0 of the current state has cost those who walk more than its merging does. */
  onReadHeavy: (() => void) | undefined

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
    return new ReadState(this.#memtables.newestFirst(), this.#versions.current, this.#pool, () => this.onReadHeavy?.())
  }
}
