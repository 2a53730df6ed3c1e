/**
 * What can still be read of a log: every undamaged batch, in memtables of bounded size.
 *
 *     log   batch batch ▒▒▒▒ batch │ batch batch          ▒ damaged, reported, and gone around
 *           └──── memtable ──────┘   └─ next ──            reading goes on where the memtable was full
 *
 * 1. A batch is whole or lost: its checksum was right, and so is its grammar.
 * 2. One memtable, one chunk and one batch are in memory at a time.
 */
import type { ReadableFile } from '@lsm/base'
import { MemTable } from '@lsm/memtable'
import { BLOCK_SIZE, readLog } from '@lsm/wal'

import type { LostStretch } from './repair-report.ts'
import { isDamage, withoutPlace } from './verify-report.ts'
import { checkBatch, insertBatch } from './write-batch.ts'

/** Bytes of a memtable, unless one batch needs more. */
const MEMTABLE_SIZE = 16 << 20
/** Bytes of memtable that a small log is given, for each of its own and beside: what has no room makes another one. */
const ROOM_PER_BYTE = 4
const ROOM = 64 << 10

/** Takes what is found. */
export interface LogSalvageVisitor {
  /** Entries that were read; the memtable is the visitor's from now on. */
  memtable(memtable: MemTable): Promise<void>
  /** A stretch that is lost. */
  lost(lost: LostStretch): void
}

/** What was read of a log. */
export interface SalvagedLog {
  readonly batches: number
  readonly entries: number
  readonly lastSequence: number
}

/** Reads what can be read of a log, and closes its file. */
export async function salvageLog(file: ReadableFile, visitor: LogSalvageVisitor): Promise<SalvagedLog> {
  const salvage = new LogSalvage(file, visitor)
  try {
    return await salvage.run()
  } finally {
    await file.close()
  }
}

class LogSalvage {
  readonly #file: ReadableFile
  readonly #visitor: LogSalvageVisitor
  #batches = 0
  #entries = 0
  #lastSequence = 0
  #memtable: MemTable | undefined
  /** Where the batch begins that the memtable had no room for; -1 if there is none. */
  #fullAt = -1

  constructor(file: ReadableFile, visitor: LogSalvageVisitor) {
    this.#file = file
    this.#visitor = visitor
  }

  async run(): Promise<SalvagedLog> {
    let from = 0
    do {
      this.#fullAt = -1
      await this.#readFrom(from)
      from = this.#fullAt
      await this.#handOver()
    } while (from >= 0)
    return { batches: this.#batches, entries: this.#entries, lastSequence: this.#lastSequence }
  }

  /** Reads on from the batch at an offset. What its block has in front of it was read before. */
  async #readFrom(from: number): Promise<void> {
    const base = from - (from % BLOCK_SIZE)
    const { name } = this.#file
    await readLog(
      rest(this.#file, base),
      {
        record: (bytes, start, end, offset) => {
          return base + offset < from || this.#record(bytes, start, end, base + offset)
        },
        dropped: ({ offset, bytes, reason }) => {
          if (base + offset >= from) this.#visitor.lost({ file: name, offset: base + offset, bytes, reason })
        },
      },
      { maxRecordSize: 2 ** 31 },
    )
  }

  #record(bytes: Uint8Array, start: number, end: number, offset: number): boolean {
    const { name } = this.#file
    try {
      const { sequence, count, userBytes } = checkBatch(bytes, start, end, name, offset)
      const memtable = (this.#memtable ??= this.#makeMemTable(userBytes, count))
      if (!memtable.fits(userBytes, count)) {
        this.#fullAt = offset
        return false
      }
      insertBatch(bytes, start, sequence, count, memtable)
      this.#batches++
      this.#entries += count
      if (count > 0) this.#lastSequence = Math.max(this.#lastSequence, sequence + count - 1)
    } catch (error) {
      if (!isDamage(error)) throw error
      this.#visitor.lost({ file: name, offset, bytes: end - start, reason: withoutPlace(error) })
    }
    return true
  }

  #makeMemTable(userBytes: number, count: number): MemTable {
    const size = Math.min(MEMTABLE_SIZE, ROOM + ROOM_PER_BYTE * this.#file.size)
    return MemTable.create(Math.max(size, MemTable.capacityFor(userBytes, count)))
  }

  async #handOver(): Promise<void> {
    const memtable = this.#memtable
    this.#memtable = undefined
    if (memtable === undefined || memtable.entries === 0) return
    memtable.freeze()
    await this.#visitor.memtable(memtable)
  }
}

/** A file from an offset on. */
function rest(file: ReadableFile, base: number): ReadableFile {
  return {
    name: file.name,
    size: file.size - base,
    read: (position, target, start, length) => file.read(base + position, target, start, length),
    close: async () => {},
  }
}
