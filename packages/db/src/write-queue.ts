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
 *    write with `LSM_READ_ONLY` and that failure as its cause, until `resume` has put everything that was acknowledged into
 *    tables, or the database is opened again. A full disk is no failure: its write is refused, the next one is tried.
 * 5. Rotation happens only here: the old log is synced before the first write in the new one is acknowledged, so
 *    that damage in any log but the newest cannot be the trace of a crash.
 *
 * Owns the active memtable's contents, the log, and the last sequence number.
 */
import { LsmError } from '@lsm/base'
import { MemTable } from '@lsm/memtable'
import type { LogWriter } from '@lsm/wal'

import type { MemTableList } from './memtable-list.ts'
import { abortedError, type WriteGate } from './write-gate.ts'
import type { TurnClock } from './turn-clock.ts'
import { insertBatch, WriteBatch } from './write-batch.ts'

/** Bytes after which a group takes no more writes. */
const GROUP_BYTES = 1 << 20

/** Bytes of memtable that one batch may need: a memtable has 2 GiB at most, and the batch may share a group. */
const LARGEST_BATCH = 2 ** 31 - 64 * GROUP_BYTES

/** A log and the number in its name. */
export interface NumberedLog {
  readonly number: number
  readonly writer: LogWriter
}

/** What the queue needs of its surroundings when the memtable is full. */
export interface Rotation {
  /** Holds writes up while the tree is out of shape. */
  readonly gate: WriteGate
  /** Lets others run between writes that need nobody's help. */
  readonly clock: TurnClock
  /** What a write gets instead of waiting for background work, if that has stopped or finds no room. */
  blocked(): unknown
  /** Waits until one more frozen memtable may be made; rejects when that will never be, or the signal fires. */
  room(signal?: AbortSignal): Promise<void>
  /** Waits until nothing is needed of the logs below a number, and makes that durable. */
  leaveLogs(nextLogNumber: number): Promise<void>
  /** Makes the next log, its name durable. */
  nextLog(): Promise<NumberedLog>
  /** Puts a memtable that surely holds so many bytes and entries in the place of the active one, which is empty. */
  exchangeEmpty(userBytes: number, count: number): void
  /** Puts a memtable that surely holds so many bytes and entries in the active one's place, and has the old one flushed. */
  rotate(userBytes: number, count: number, lastSequence: number, nextLogNumber: number): void
}

/** Writes that share one append, and the promise that they share. */
class Group {
  readonly batch = new WriteBatch(4096)
  sync = false
  /** Gives the group up while it waits; a write with a signal has a group of its own. */
  readonly signal: AbortSignal | undefined
  readonly done: Promise<void>
  resolve!: () => void
  reject!: (error: unknown) => void

  constructor(signal: AbortSignal | undefined) {
    this.signal = signal
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
  put(key: string | Uint8Array, value: string | Uint8Array, sync: boolean, signal?: AbortSignal): Promise<void> {
    const refused = this.#refused(signal)
    if (refused !== undefined) return Promise.reject(refused)
    if (sync || this.#mustGather()) {
      const group = this.#gather(sync, signal)
      group.batch.put(key, value)
      return group.done
    }
    this.#single.put(key, value)
    return this.#writeSingle(signal)
  }

  /** Writes one deletion. */
  del(key: string | Uint8Array, sync: boolean, signal?: AbortSignal): Promise<void> {
    const refused = this.#refused(signal)
    if (refused !== undefined) return Promise.reject(refused)
    if (sync || this.#mustGather()) {
      const group = this.#gather(sync, signal)
      group.batch.del(key)
      return group.done
    }
    this.#single.del(key)
    return this.#writeSingle(signal)
  }

  /** Writes a batch. Its bytes are taken before the call returns. */
  write(batch: WriteBatch, sync: boolean, signal?: AbortSignal): Promise<void> {
    const refused = this.#refused(signal)
    if (refused !== undefined) return Promise.reject(refused)
    if (batch.count === 0 && !sync) return DONE
    if (MemTable.capacityFor(batch.length, batch.count) > LARGEST_BATCH) {
      const message = `a batch of ${batch.count} operations and ${batch.length} bytes is too large; write it in parts`
      return Promise.reject(new LsmError('LSM_LIMIT', message))
    }
    if (!sync && !this.#mustGather()) return this.#writeNow(batch, signal)
    const group = this.#gather(sync, signal)
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

  /**
   * Takes writes again after a failure: everything that was acknowledged is in the memtables; it becomes tables, and a new
   * log takes the place of the one that failed. Until that is durable writes are refused, since the old log may hold a write
   * that was refused, under a number that is given out again.
   *
   * @throws LsmError the failure, if the disk still fails; writes stay refused.
   */
  async resume(): Promise<void> {
    await this.settled()
    if (this.#failure === undefined || this.#closed) return
    this.#freezing = this.#resumeNow()
    await this.#freezing
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
    return this.#inTurn || this.#busy || this.#groups.length > 0 || !this.#rotation.gate.isOpen
  }

  async #freezeNow(): Promise<void> {
    this.#busy = true
    try {
      await this.#rotate(0, 0)
    } catch (error) {
      throw isTransient(error, undefined) ? error : this.#fail(error)
    } finally {
      this.#busy = false
      if (this.#groups.length > 0) void this.#drain()
    }
  }

  async #resumeNow(): Promise<void> {
    this.#busy = true
    try {
      const next = await this.#rotation.nextLog()
      // Whether the old log closes well does not matter any more: nothing will be read from it.
      await this.#log.writer.close().catch(() => undefined)
      this.#log = next
      this.#rotation.rotate(0, 0, this.lastSequence, next.number)
      await this.#rotation.leaveLogs(next.number)
      this.#failure = undefined
    } finally {
      this.#busy = false
      if (this.#groups.length > 0) void this.#drain()
    }
  }

  #refused(signal?: AbortSignal): LsmError | undefined {
    if (signal?.aborted) return abortedError(signal)
    if (this.#closed) return new LsmError('LSM_CLOSED', 'the database is closed')
    return this.#failure
  }

  /** The group that a write joins; it is written when the turn ends or the group before it is done. */
  #gather(sync: boolean, signal?: AbortSignal): Group {
    let group = this.#groups.at(-1)
    const joins = group !== undefined && group !== this.#writing && group.batch.length <= GROUP_BYTES
    if (group === undefined || !joins || group.signal !== undefined || signal !== undefined) {
      group = new Group(signal)
      this.#groups.push(group)
      if (signal !== undefined) this.#giveUpOnAbort(group, signal)
      if (this.#groups.length === 1) queueMicrotask(() => void this.#drain())
    }
    group.sync ||= sync
    return group
  }

  /** Takes a group out of the queue when its signal fires before its turn has come. */
  #giveUpOnAbort(group: Group, signal: AbortSignal): void {
    const onAbort = (): void => {
      const at = this.#groups.indexOf(group)
      if (at < 0 || group === this.#writing) return
      this.#groups.splice(at, 1)
      group.reject(abortedError(signal))
    }
    signal.addEventListener('abort', onAbort, { once: true })
    void group.done.catch(() => undefined).then(() => signal.removeEventListener('abort', onAbort))
  }

  /** Writes a batch within the call, or lets it wait if the memtable has no room for it. Takes its bytes in either case. */
  #writeNow(batch: WriteBatch, signal: AbortSignal | undefined): Promise<void> {
    this.#inTurn = true
    queueMicrotask(this.#endTurn)
    let hasRoom: boolean
    try {
      hasRoom = this.#makeRoom(batch)
    } catch (error) {
      return Promise.reject(error)
    }
    if (!hasRoom) {
      const group = this.#gather(false, signal)
      group.batch.append(batch)
      return group.done
    }
    try {
      this.#append(batch)
      this.#insert(batch)
    } catch (error) {
      return Promise.reject(isTransient(error, signal) ? error : this.#fail(error))
    }
    const { clock } = this.#rotation
    return clock.isLong(batch.count) ? clock.nextTurn() : DONE
  }

  /** Writes the batch of a single operation, and empties it for the next. */
  #writeSingle(signal: AbortSignal | undefined): Promise<void> {
    const written = this.#writeNow(this.#single, signal)
    this.#single.clear()
    return written
  }

  readonly #endTurn = (): void => {
    this.#inTurn = false
  }

  /** Writes waiting groups one after the other. Runs at most once at a time. */
  async #drain(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    const { clock } = this.#rotation
    for (let group = this.#groups[0]; group !== undefined; group = this.#groups[0]) {
      this.#writing = group
      try {
        await this.#commit(group)
        if (clock.isLong(group.batch.count)) await clock.nextTurn()
        group.resolve()
      } catch (error) {
        group.reject(isTransient(error, group.signal) ? error : this.#fail(error))
      }
      this.#groups.shift()
    }
    this.#writing = undefined
    this.#busy = false
  }

  async #commit(group: Group): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    const { batch, signal } = group
    const { gate } = this.#rotation
    if (!gate.isOpen) await gate.pass(batch.length, () => this.#rotation.blocked(), signal)
    if (!this.#makeRoom(batch)) await this.#rotate(batch.length, batch.count, signal)
    this.#append(batch)
    if (group.sync) await this.#sync()
    this.#insert(batch)
  }

  /** A failed sync is final, whatever it failed of: the system may have dropped what it was to save. */
  async #sync(): Promise<void> {
    try {
      await this.#log.writer.sync()
    } catch (error) {
      throw this.#fail(error)
    }
  }

  /**
   * Sees to room in the memtable for a batch, as far as it can without waiting: an empty one that is too small is exchanged.
   * Says whether there is room.
   *
   * @throws LsmError `LSM_LIMIT` if there is no memory for another one; nothing has changed then.
   */
  #makeRoom({ length, count }: WriteBatch): boolean {
    const { active } = this.#memtables
    if (active.fits(length, count)) return true
    if (active.entries > 0) return false
    this.#rotation.exchangeEmpty(length, count)
    return true
  }

  #append(batch: WriteBatch): void {
    batch.number(this.lastSequence + 1)
    this.#log.writer.append(batch.bytes, 0, batch.length)
  }

  #insert(batch: WriteBatch): void {
    insertBatch(batch.bytes, 0, this.lastSequence + 1, batch.count, this.#memtables.active)
    this.lastSequence += batch.count
  }

  async #rotate(userBytes: number, count: number, signal?: AbortSignal): Promise<void> {
    await this.#rotation.room(signal)
    await this.#sync()
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

/** Whether nothing was written, and the next write may do better: the disk was full, or the signal fired. */
function isTransient(error: unknown, signal: AbortSignal | undefined): boolean {
  if (!(error instanceof LsmError)) return false
  return error.code === 'LSM_DISK_FULL' || (error.code === 'LSM_ABORTED' && signal?.aborted === true)
}
