/**
 * The logs become memtables again, and what they say of a crash becomes a report.
 *
 * 1. Logs are found by listing, not by what the MANIFEST says: every log at or above its log number, and the one it
 *    calls previous, in ascending order.
 * 2. A batch is checked as a whole before anything of it is applied. A batch with a right checksum and wrong contents
 *    is no trace of a crash and refuses the open; so is a sequence number that does not follow the one before, since
 *    every batch that was written was numbered without a gap. An older number is damage like any other, though, where a block
 *    that was not synced may show what an earlier file had there: behind the first record of a log; and as its first record,
 *    if the log was made under this MANIFEST, whose tables hold that number, and no log that is there does.
 * 3. Recovery stops at the first damage: what comes back is a prefix of what was written. Damage is what a crash may
 *    leave only in the newest log that holds anything; elsewhere it refuses the open.
 * 4. Logs that stayed when the database was opened last were synced then, and hold all up to the MANIFEST's last number: if
 *    they do not, something of them is lost, and the open is refused.
 * 5. All this is so by default; `strict` forgives no damage, `salvage` skips it wherever it is.
 * 6. Nothing on disk is changed here.
 */
import { corruption, type Directory, type DirectoryEntry } from '@lsm/base'
import { logFileName, parseFileName, type VersionSet } from '@lsm/manifest'
import type { MemTable } from '@lsm/memtable'
import { readLog, type LogDamage } from '@lsm/wal'

import type { MemTablePool } from './memtable-pool.ts'
import { checkBatch, insertBatch, type StoredBatch } from './write-batch.ts'

/** A stretch of a file that was not used. */
export interface DroppedBytes {
  /** The file's name inside the directory. */
  readonly file: string
  /** Where the stretch begins. */
  readonly offset: number
  /** How long it is. */
  readonly bytes: number
  /** In plain words. */
  readonly reason: string
}

/** One log that was replayed. */
export interface ReplayedLog {
  /** The log's name inside the directory. */
  readonly file: string
  /** Size of the file. */
  readonly bytes: number
  /** Batches that were applied. */
  readonly batches: number
  /** Entries in them. */
  readonly entries: number
}

/** What opening the database found. */
export interface RecoveryReport {
  /** Whether the database was made by this open. */
  readonly created: boolean
  /** The MANIFEST that was read. */
  readonly manifest: string
  /** Edits in it. */
  readonly edits: number
  /** Logs that were replayed, oldest first. */
  readonly logs: readonly ReplayedLog[]
  /** Batches in them. */
  readonly batches: number
  /** Entries in those batches. */
  readonly entries: number
  /** What could not be used; empty unless a crash cut a file short, or worse. */
  readonly dropped: readonly DroppedBytes[]
  /** Whether whole records lie behind dropped bytes, in the same log: they were not used either. */
  readonly holes: boolean
  /** The sequence number that the database was recovered to. */
  readonly lastSequence: number
}

/** What replaying the logs gave. */
export interface Replayed {
  /** Oldest first; each but the last is full. */
  readonly memtables: readonly MemTable[]
  /** Of each memtable, the number of the log that its first entry is from. */
  readonly beginnings: readonly number[]
  readonly logs: ReplayedLog[]
  readonly dropped: DroppedBytes[]
  readonly holes: boolean
  readonly lastSequence: number
  /** Number of the first log that holds entries. */
  readonly firstLog: number | undefined
  /** Sequence number of the first entry in the logs. */
  readonly firstSequence: number | undefined
  /** Sequence number of the last entry in the logs; -1 if there is none. */
  readonly replayedTo: number
}

/** A batch may be as large as memory allows; what is read is bounded by the file. */
const LARGEST_RECORD = 2 ** 31

/** What stayed in logs when the MANIFEST was begun, and was synced then. */
export interface KeptLogs {
  /** The first of them. */
  readonly file: string
  /** The sequence number that they end with. */
  readonly sequence: number
}

/**
 * Number of the first log that was made under the MANIFEST: the one made before it was begun has the number before its own
 * (see `begin`). `Infinity` where other software began it.
 */
export function firstOwnLog({ recovered, manifestNumber }: VersionSet): number {
  return recovered.begunHere ? manifestNumber - 1 : Infinity
}

/** The logs that stayed when the MANIFEST was begun, while they are needed. */
export function keptLogs(versions: VersionSet): KeptLogs | undefined {
  const { logNumber, lastSequence, recovered } = versions
  const isKept = recovered.begunHere && logNumber > 0 && logNumber < firstOwnLog(versions)
  return isKept ? { file: logFileName(logNumber), sequence: lastSequence } : undefined
}

interface FoundLog {
  readonly number: number
  readonly name: string
}

/**
 * What to do about damage in the logs.
 *
 * - `point-in-time`: what a crash may leave is forgiven, and ends the replay; anything else refuses the open.
 * - `strict`: any damage refuses the open.
 * - `salvage`: damage is skipped, wherever it is, and what lies behind it is replayed: later writes may then be there
 *   without earlier ones.
 */
export type RecoveryMode = 'point-in-time' | 'strict' | 'salvage'

/** What {@link replayLogs} works on. */
export interface ReplayParts {
  readonly directory: Directory
  readonly entries: readonly DirectoryEntry[]
  readonly versions: VersionSet
  readonly pool: MemTablePool
  readonly mode: RecoveryMode
}

/** Replays the logs that the tables do not cover. */
export async function replayLogs({ directory, entries, versions, pool, mode }: ReplayParts): Promise<Replayed> {
  const replay = new Replay(pool, versions, mode)
  for (const log of logsToReplay(entries, versions)) await replay.log(directory, log)
  replay.checkKept()
  return replay.result()
}

function logsToReplay(entries: readonly DirectoryEntry[], { logNumber, prevLogNumber }: VersionSet): FoundLog[] {
  const logs: FoundLog[] = []
  for (const { name } of entries) {
    const parsed = parseFileName(name)
    if (parsed?.kind !== 'log') continue
    if (parsed.number >= logNumber || (parsed.number === prevLogNumber && prevLogNumber !== 0)) {
      logs.push({ number: parsed.number, name })
    }
  }
  return logs.sort((a, b) => a.number - b.number)
}

/** Replays logs one after the other into memtables. */
class Replay {
  readonly #pool: MemTablePool
  readonly #mode: RecoveryMode
  readonly #memtables: MemTable[] = []
  readonly #beginnings: number[] = []
  readonly #logs: ReplayedLog[] = []
  readonly #dropped: DroppedBytes[] = []
  #damagedLog: string | undefined
  #holes = false
  #lastSequence: number
  /** Whether no record of the log at hand has been met. */
  #atStart = true
  /** Sequence number of the last replayed entry. */
  #replayedTo = -1
  /** The last sequence number in tables. */
  readonly #flushedTo: number
  /** Number of the first log that was made under this MANIFEST: what is in it was numbered after what was in tables. */
  readonly #firstOwnLog: number
  /** Set until they have been replayed and checked. */
  #kept: KeptLogs | undefined
  #firstLog: number | undefined
  #firstSequence: number | undefined

  constructor(pool: MemTablePool, versions: VersionSet, mode: RecoveryMode) {
    this.#pool = pool
    this.#lastSequence = versions.lastSequence
    this.#flushedTo = versions.lastSequence
    this.#firstOwnLog = firstOwnLog(versions)
    this.#kept = mode === 'salvage' ? undefined : keptLogs(versions)
    this.#mode = mode
  }

  result(): Replayed {
    return {
      memtables: this.#memtables,
      beginnings: this.#beginnings,
      logs: this.#logs,
      dropped: this.#dropped,
      holes: this.#holes,
      lastSequence: this.#lastSequence,
      firstLog: this.#firstLog,
      firstSequence: this.#firstSequence,
      replayedTo: this.#replayedTo,
    }
  }

  /** All logs that stayed when the MANIFEST was begun have been replayed: are they all there, up to their end? */
  checkKept(): void {
    const { file, sequence } = this.#kept ?? {}
    this.#kept = undefined
    if (file === undefined || sequence === undefined || this.#replayedTo >= sequence) return
    const found = this.#replayedTo < 0 ? 'hold none' : `end with write ${this.#replayedTo}`
    const message = `the logs of earlier sessions ${found}, and write ${sequence} had been there`
    throw corruption(`${message}: this is no trace of a crash; restore a backup, or repair`, file, 0)
  }

  async log(directory: Directory, { number, name }: FoundLog): Promise<void> {
    if (number >= this.#firstOwnLog) this.checkKept()
    const file = await directory.openFile(name)
    let batches = 0
    let entries = 0
    this.#atStart = true
    try {
      await readLog(
        file,
        {
          record: (bytes, start, end, offset) => {
            if (!this.#mayGoOn(name)) return false
            const applied = this.#apply(bytes, start, end, { number, name }, offset)
            this.#atStart = false
            if (applied === undefined) return true
            entries += applied
            batches++
            this.#firstLog ??= number
            return true
          },
          dropped: damage => this.#damaged(name, damage),
        },
        { maxRecordSize: LARGEST_RECORD },
      )
    } finally {
      await file.close()
    }
    this.#logs.push({ file: name, bytes: file.size, batches, entries })
  }

  /** Whether a record of a log may be used, after whatever damage has been met. */
  #mayGoOn(name: string): boolean {
    if (this.#damagedLog === undefined) return true
    if (this.#mode === 'salvage') {
      this.#holes = true
      return true
    }
    if (this.#damagedLog !== name) throw this.#damageNotInNewest(name)
    this.#holes = true
    return false
  }

  /** Applies a batch, and gives its count; `undefined` where it was bad and is to be skipped. */
  #apply(bytes: Uint8Array, start: number, end: number, log: FoundLog, offset: number): number | undefined {
    const batch = this.#check(bytes, start, end, log, offset)
    if (batch === undefined || batch.count === 0) return batch?.count
    this.#firstSequence ??= batch.sequence
    this.#replayedTo = batch.sequence + batch.count - 1
    this.#lastSequence = Math.max(this.#lastSequence, this.#replayedTo)
    insertBatch(bytes, start, batch.sequence, batch.count, this.#memtableFor(batch, log.number))
    return batch.count
  }

  #check(bytes: Uint8Array, start: number, end: number, log: FoundLog, offset: number): StoredBatch | undefined {
    const { name } = log
    try {
      const batch = checkBatch(bytes, start, end, name, offset)
      if (batch.count === 0) return batch
      const last = this.#replayedTo
      if (this.#mode !== 'salvage' && this.#isStale(batch.sequence, log)) {
        const reason = misnumbered(this.#atStart ? this.#flushedTo : last, batch.sequence)
        this.#damaged(name, { file: name, offset, bytes: end - start, reason, tail: false })
        return undefined
      }
      const follows = this.#mode === 'salvage' ? batch.sequence > last : batch.sequence === last + 1
      if (last >= 0 && !follows) throw corruption(misnumbered(last, batch.sequence), name, offset)
      return batch
    } catch (error) {
      if (this.#mode !== 'salvage') throw error
      this.#dropped.push({ file: name, offset, bytes: end - start, reason: (error as Error).message })
      return undefined
    }
  }

  /** Whether a record may be what the disk shows of a file that is gone, instead of one of this log. */
  #isStale(sequence: number, { number }: FoundLog): boolean {
    if (!this.#atStart) return sequence <= this.#replayedTo
    const isInLogs = this.#firstSequence !== undefined && sequence >= this.#firstSequence
    return number >= this.#firstOwnLog && sequence <= this.#flushedTo && !isInLogs
  }

  #memtableFor({ userBytes, count }: StoredBatch, log: number): MemTable {
    const last = this.#memtables.at(-1)
    if (last?.fits(userBytes, count)) return last
    last?.freeze()
    const memtable = this.#pool.take(userBytes, count)
    this.#memtables.push(memtable)
    this.#beginnings.push(log)
    return memtable
  }

  #damaged(name: string, { offset, bytes, reason, tail }: LogDamage): boolean {
    if (this.#mode === 'strict') throw corruption(`${reason}; recovery 'strict' forgives nothing`, name, offset)
    const another = this.#damagedLog !== undefined && this.#damagedLog !== name
    if (another && this.#mode !== 'salvage') throw this.#damageNotInNewest(name)
    this.#damagedLog = name
    this.#holes ||= !tail
    this.#dropped.push({ file: name, offset, bytes, reason })
    return true
  }

  #damageNotInNewest(newer: string): Error {
    const { file, offset, reason } = this.#dropped[0]
    const message = `${reason}, yet ${newer} holds newer writes, so this is no trace of a crash; restore a backup, or repair`
    return corruption(message, file, offset)
  }
}

function misnumbered(last: number, next: number): string {
  if (next > last)
    return `sequence number ${next} follows ${last}: the writes between are missing; restore a backup, or repair`
  return `sequence number ${next} follows ${last}: a log is there twice or out of order; restore a backup, or repair`
}
