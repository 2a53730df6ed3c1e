/**
 * What goes on behind the calls: frozen memtables become tables.
 *
 * 1. One flush at a time, oldest memtable first, so that level 0 stays in the order of age.
 * 2. A table is installed in the MANIFEST before its memtable is forgotten and its log removed.
 * 3. The first failure stops background work for good and stops writes through `onFailure`; reads go on.
 *
 * Owns the running job and the failure.
 */
import { LsmError } from '@lsm/base'
import type { FlushResult, JobRunner, TableSettings } from '@lsm/compaction'
import { VersionEdit, type VersionSet } from '@lsm/manifest'

import type { FrozenMemTable, MemTableList } from './memtable-list.ts'
import type { ObsoleteFiles } from './obsolete-files.ts'
import type { SnapshotList } from './snapshot-list.ts'

/** Frozen memtables that may wait; one more must wait for the oldest to become a table. */
const MOST_FROZEN = 2

/** What background work uses. */
export interface BackgroundParts {
  readonly versions: VersionSet
  readonly memtables: MemTableList
  readonly snapshots: SnapshotList
  readonly runner: JobRunner
  readonly table: TableSettings
  readonly obsolete: ObsoleteFiles
  /** Called when memtables or tables have changed. */
  readonly onChange: () => void
  /** Called with the failure that stopped background work. */
  readonly onFailure: (error: unknown) => void
}

/** Flushes frozen memtables; see the file's header. */
export class Background {
  /** Tables written by flushes. */
  flushes = 0
  /** Bytes written by flushes. */
  flushedBytes = 0
  readonly #parts: BackgroundParts
  readonly #cancel = new AbortController()
  #running: Promise<void> | undefined
  #failure: unknown

  constructor(parts: BackgroundParts) {
    this.#parts = parts
  }

  /** Why background work has stopped, if it has. */
  get failure(): unknown {
    return this.#failure
  }

  /** Starts work if there is some and none is going on. */
  start(): void {
    if (this.#running !== undefined || this.#failure !== undefined || this.#cancel.signal.aborted) return
    if (this.#parts.memtables.frozen.length === 0) return
    this.#running = this.#work()
  }

  /** Resolves when there is room for one more frozen memtable; rejects when work has stopped. */
  async room(): Promise<void> {
    await this.#until(() => this.#parts.memtables.frozen.length < MOST_FROZEN)
  }

  /** Resolves when no frozen memtable is left; rejects when work has stopped. */
  async idle(): Promise<void> {
    await this.#until(() => this.#parts.memtables.frozen.length === 0)
  }

  /** Cancels what is running and waits for its end. What was not flushed is still in its log. */
  async close(): Promise<void> {
    this.#cancel.abort(new LsmError('LSM_CLOSED', 'the database is closed'))
    await this.#running
  }

  async #until(reached: () => boolean): Promise<void> {
    while (!reached()) {
      if (this.#failure !== undefined) throw this.#failure
      if (this.#cancel.signal.aborted) throw this.#cancel.signal.reason
      this.start()
      await this.#running
    }
  }

  /** Flushes one memtable and starts again if there are more. Never rejects: a failure is kept. */
  async #work(): Promise<void> {
    const { memtables, onFailure } = this.#parts
    try {
      await this.#flush(memtables.frozen[0])
    } catch (error) {
      if (!this.#cancel.signal.aborted) {
        this.#failure = error
        onFailure(error)
      }
    }
    this.#running = undefined
    this.start()
  }

  async #flush(frozen: FrozenMemTable): Promise<void> {
    const { versions, memtables, snapshots, runner, table, obsolete, onChange } = this.#parts
    const fileNumber = versions.newFileNumber()
    obsolete.protect(fileNumber)
    try {
      const oldestReader = snapshots.oldest(frozen.lastSequence)
      const result = await runner.run(
        { kind: 'flush', memtable: frozen.memtable.share(), fileNumber, oldestReader, createdAt: Date.now(), table },
        this.#cancel.signal,
      )
      await versions.apply(flushEdit(result, frozen))
      this.flushes++
      this.flushedBytes += result.file.size
    } finally {
      obsolete.unprotect(fileNumber)
    }
    memtables.retire(frozen)
    onChange()
    await obsolete.remove()
  }
}

/** What a flush changes: one more table, and the logs that it makes superfluous. */
function flushEdit({ file }: FlushResult, { lastSequence, nextLogNumber }: FrozenMemTable): VersionEdit {
  const edit = new VersionEdit()
  edit.logNumber = nextLogNumber
  edit.prevLogNumber = 0
  edit.lastSequence = lastSequence
  edit.added.push({ level: 0, file })
  return edit
}
