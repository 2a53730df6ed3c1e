/**
 * Who writes next, and in which order: everything that changes the database passes here.
 *
 *     put ──┐                       one group at a time:
 *     del ──┼─▶ group being gathered ─▶ number ─▶ log ─▶ (sync) ─▶ memtable ─▶ visible, promises resolve
 *     batch ┘        next group gathers meanwhile
 *
 * 1. A write is one batch in the log, or part of one: after a crash it is there whole or not at all.
 * 2. The log has the bytes before the memtable has them; where anybody in the group asked for sync, the disk has.
 * 3. While a group is synced or room is made, writes gather in the next group and share its one append and sync.
 * 4. A failed append or sync is never tried again: what reached the disk is unknown. The queue then refuses every
 *    write with `LSM_READ_ONLY` and that failure as its cause, until the database is opened again.
 * 5. Rotation happens only here: the old log is synced before the first write in the new one is acknowledged, so
 *    that damage in any log but the newest cannot be the trace of a crash.
 *
 * Owns the active memtable's contents, the log, and the last sequence number.
 */
import { LsmError } from '@lsm/base'
import type { LogWriter } from '@lsm/wal'

import type { MemTableList } from './memtable-list.ts'
import { insertBatch, WriteBatch } from './write-batch.ts'

/** Bytes after which a group takes no more writes. */
const GROUP_BYTES = 1 << 20

/** A log and the number in its name. */
export interface NumberedLog {
  readonly number: number
  readonly writer: LogWriter
}

/** What the queue needs of its surroundings when the memtable is full. */
export interface Rotation {
  /** Waits until one more frozen memtable may be made; rejects when that will never be. */
  room(): Promise<void>
  /** Makes the next log, its name durable. */
  nextLog(): Promise<NumberedLog>
  /** Puts a memtable that surely holds so many bytes and entries in the active one's place, and has the old one flushed. */
  rotate(userBytes: number, count: number, lastSequence: number, nextLogNumber: number): void
}

/** Writes that share one append, and the promise that they share. */
class Group {
  readonly batch = new WriteBatch(4096)
  sync = false
  readonly done: Promise<void>
  resolve!: () => void
  reject!: (error: unknown) => void

  constructor() {
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    // Every writer holds this promise; one who dropped it must not end the process.
    this.done.catch(() => undefined)
  }
}

const DONE: Promise<void> = Promise.resolve()

/** Groups, numbers and logs writes; see the file's header. */
export class WriteQueue {
  /** Sequence number of the newest write that reads may see. */
  lastSequence: number
  readonly #memtables: MemTableList
  readonly #rotation: Rotation
  #log: NumberedLog
  #failure: LsmError | undefined
  #closed = false
  /** The batch of a write that goes out within its call. */
  readonly #single = new WriteBatch()
  /** Groups that wait, oldest first; the last one may still gather. */
  readonly #groups: Group[] = []
  /** The group that is being written: it takes no more writes. */
  #writing: Group | undefined
  /** Set while a group is being written or room is made. */
  #busy = false
  /** The last freeze that was asked for. */
  #freezing: Promise<void> | undefined
  /** Set from the first write of a turn to its end: later writes of the turn share a group. */
  #inTurn = false

  constructor(memtables: MemTableList, log: NumberedLog, lastSequence: number, rotation: Rotation) {
    this.#memtables = memtables
    this.#log = log
    this.lastSequence = lastSequence
    this.#rotation = rotation
  }

  /** Number of the log that writes go to. */
  get logNumber(): number {
    return this.#log.number
  }

  /** Why writes are refused, if they are. */
  get failure(): LsmError | undefined {
    return this.#failure
  }

  /** Writes one value. The bytes are taken before the call returns. */
  put(key: string | Uint8Array, value: string | Uint8Array, sync: boolean): Promise<void> {
    const refused = this.#refused()
    if (refused !== undefined) return Promise.reject(refused)
    if (sync || this.#mustGather()) {
      const group = this.#gather(sync)
      group.batch.put(key, value)
      return group.done
    }
    this.#single.put(key, value)
    return this.#writeSingle()
  }

  /** Writes one deletion. */
  del(key: string | Uint8Array, sync: boolean): Promise<void> {
    const refused = this.#refused()
    if (refused !== undefined) return Promise.reject(refused)
    if (sync || this.#mustGather()) {
      const group = this.#gather(sync)
      group.batch.del(key)
      return group.done
    }
    this.#single.del(key)
    return this.#writeSingle()
  }

  /** Writes a batch. Its bytes are taken before the call returns. */
  write(batch: WriteBatch, sync: boolean): Promise<void> {
    const refused = this.#refused()
    if (refused !== undefined) return Promise.reject(refused)
    if (batch.count === 0 && !sync) return DONE
    const group = this.#gather(sync)
    group.batch.append(batch)
    return group.done
  }

  /** Freezes the memtable, even if it is not full, once earlier writes are done. Nothing happens if it is empty. */
  async freeze(): Promise<void> {
    await this.settled()
    const refused = this.#refused()
    if (refused !== undefined) throw refused
    if (this.#memtables.active.entries === 0) return
    this.#freezing = this.#freezeNow()
    await this.#freezing
  }

  /** Resolves when every write that was started has ended, well or not. */
  async settled(): Promise<void> {
    for (;;) {
      const last = this.#groups.at(-1)
      if (last === undefined && !this.#busy) return
      await Promise.allSettled([last?.done, this.#freezing])
    }
  }

  /** Refuses further writes, waits for those that were started, then syncs and closes the log. */
  async close(): Promise<void> {
    this.#closed = true
    await this.settled()
    if (this.#failure === undefined) await this.#log.writer.sync()
    await this.#log.writer.close()
  }

  /** Stops writes for good: a background job failed in a way that endangers what is acknowledged. */
  poison(error: unknown): void {
    this.#fail(error)
  }

  /** Whether a write may not go out at once: another one is before it, or others of its turn may share an append. */
  #mustGather(): boolean {
    return this.#inTurn || this.#busy || this.#groups.length > 0
  }

  async #freezeNow(): Promise<void> {
    this.#busy = true
    try {
      await this.#rotate(0, 0)
    } catch (error) {
      throw this.#fail(error)
    } finally {
      this.#busy = false
      if (this.#groups.length > 0) void this.#drain()
    }
  }

  #refused(): LsmError | undefined {
    if (this.#closed) return new LsmError('LSM_CLOSED', 'the database is closed')
    return this.#failure
  }

  /** The group that a write joins; it is written when the turn ends or the group before it is done. */
  #gather(sync: boolean): Group {
    let group = this.#groups.at(-1)
    if (group === undefined || group === this.#writing || group.batch.length > GROUP_BYTES) {
      group = new Group()
      this.#groups.push(group)
      if (this.#groups.length === 1) queueMicrotask(() => void this.#drain())
    }
    group.sync ||= sync
    return group
  }

  #writeSingle(): Promise<void> {
    this.#inTurn = true
    queueMicrotask(this.#endTurn)
    const batch = this.#single
    if (this.#hasRoom(batch)) {
      try {
        this.#append(batch)
        this.#insert(batch)
        return DONE
      } catch (error) {
        return Promise.reject(this.#fail(error))
      } finally {
        batch.clear()
      }
    }
    const group = this.#gather(false)
    group.batch.append(batch)
    batch.clear()
    return group.done
  }

  readonly #endTurn = (): void => {
    this.#inTurn = false
  }

  /** Writes waiting groups one after the other. Runs at most once at a time. */
  async #drain(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    for (let group = this.#groups[0]; group !== undefined; group = this.#groups[0]) {
      this.#writing = group
      try {
        await this.#commit(group)
        group.resolve()
      } catch (error) {
        group.reject(this.#fail(error))
      }
      this.#groups.shift()
    }
    this.#writing = undefined
    this.#busy = false
  }

  async #commit(group: Group): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    const { batch } = group
    if (!this.#hasRoom(batch)) await this.#rotate(batch.length, batch.count)
    this.#append(batch)
    if (group.sync) await this.#log.writer.sync()
    this.#insert(batch)
  }

  #hasRoom(batch: WriteBatch): boolean {
    return this.#memtables.active.fits(batch.length, batch.count)
  }

  #append(batch: WriteBatch): void {
    batch.number(this.lastSequence + 1)
    this.#log.writer.append(batch.bytes, 0, batch.length)
  }

  #insert(batch: WriteBatch): void {
    insertBatch(batch.bytes, 0, this.lastSequence + 1, batch.count, this.#memtables.active)
    this.lastSequence += batch.count
  }

  async #rotate(userBytes: number, count: number): Promise<void> {
    await this.#rotation.room()
    await this.#log.writer.sync()
    const next = await this.#rotation.nextLog()
    await this.#log.writer.close()
    this.#log = next
    this.#rotation.rotate(userBytes, count, this.lastSequence, next.number)
  }

  /** Notes the first failure; gives the error that writers get from now on. */
  #fail(error: unknown): LsmError {
    this.#failure ??= new LsmError(
      'LSM_READ_ONLY',
      'writes have stopped because the disk failed one; reads go on. Mend the cause and open the database again',
      { cause: error },
    )
    return this.#failure
  }
}
