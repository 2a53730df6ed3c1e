/**
 * A log for any program: records in, the same records out after a crash.
 *
 *     000001.log   000002.log   000003.log
 *     read only    read only    appended to
 *
 * 1. A file is appended to by the one that made it, never after a restart: its end may be torn, and what is appended
 *    behind torn bytes is lost. Every `open` begins a new file.
 * 2. A file is synced before `rotate` is done, and its name is durable before anything is appended to it.
 * 3. Files are removed oldest first, so that what is left after a crash is an unbroken end of the log.
 * 4. Damage is reported at each `open`, until its file is removed; the records behind it are read.
 *
 * Does not know what is in a record, nor when it is no longer needed.
 */
import type { Directory, DirectoryLock } from '@lsm/base'

import { readLog } from './log-reader.ts'
import type { LogDamage } from './log-visitor.ts'
import { LogWriter } from './log-writer.ts'

/** Takes what is found when a log is opened, in the order in which it was written. What it throws ends the opening. */
export interface RecordLogVisitor {
  /** A record, valid during the call only, and the number of the file that it is in. */
  record(bytes: Uint8Array, start: number, end: number, fileNumber: number): void
  /** A damaged range: a torn tail after a crash, or, if `tail` is false, a loss. Throw to refuse the log. */
  dropped(damage: LogDamage): void
}

/** A sequence of log files in a directory of their own. */
export class RecordLog {
  readonly #directory: Directory
  readonly #lock: DirectoryLock
  #fileNumber: number
  #writer: LogWriter
  #rotation: Promise<void> = Promise.resolve()
  #closed = false

  private constructor(directory: Directory, lock: DirectoryLock, fileNumber: number, writer: LogWriter) {
    this.#directory = directory
    this.#lock = lock
    this.#fileNumber = fileNumber
    this.#writer = writer
  }

  /**
   * Reads every record there is, then begins a new file.
   *
   * @param directory - one that holds this log alone; it stays open when the log is closed.
   * @throws LsmError `LSM_LOCKED` if another owner has it open.
   */
  static async open(directory: Directory, visitor: RecordLogVisitor): Promise<RecordLog> {
    const lock = await directory.lock('LOCK')
    try {
      const numbers = await fileNumbers(directory)
      for (const number of numbers) await replay(directory, number, visitor)
      const number = (numbers.at(-1) ?? 0) + 1
      return new RecordLog(directory, lock, number, await createLog(directory, number))
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  /** The number of the file that records are appended to. */
  get fileNumber(): number {
    return this.#fileNumber
  }

  /** Appends a copy of a record. It survives the death of the process, but a loss of power only after a sync. */
  append(record: Uint8Array): void {
    this.#writer.append(record, 0, record.length)
  }

  /** Makes every record appended before the call survive a loss of power. */
  async sync(): Promise<void> {
    await this.#rotation
    await this.#writer.sync()
  }

  /** Begins a new file, and returns its number: what is appended afterwards goes there. Everything before it is synced. */
  async rotate(): Promise<number> {
    this.#rotation = this.#rotation.then(() => this.#rotate())
    await this.#rotation
    return this.#fileNumber
  }

  /** Removes the files with smaller numbers, whose records are no longer needed. */
  async removeBefore(fileNumber: number): Promise<void> {
    if (fileNumber > this.#fileNumber) throw new TypeError(`file ${fileNumber} has not begun`)
    for (const number of await fileNumbers(this.#directory)) {
      if (number >= fileNumber) break
      await this.#directory.removeFile(fileName(number))
    }
    await this.#directory.sync()
  }

  /** Syncs, closes and gives the directory free; a second call does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    try {
      await this.sync()
    } finally {
      await this.#writer.close()
      await this.#lock.release()
    }
  }

  /** See {@link RecordLog.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #rotate(): Promise<void> {
    const next = await createLog(this.#directory, this.#fileNumber + 1)
    const full = this.#writer
    this.#writer = next
    this.#fileNumber++
    await full.sync()
    await full.close()
  }
}

function fileName(number: number): string {
  return `${String(number).padStart(6, '0')}.log`
}

/** The numbers of the log files in a directory, ascending. */
async function fileNumbers(directory: Directory): Promise<number[]> {
  const entries = await directory.list()
  const numbers = entries.map(({ name }) => Number(/^(\d{6,15})\.log$/.exec(name)?.[1]))
  return numbers.filter((number, i) => fileName(number) === entries[i].name).sort((a, b) => a - b)
}

async function replay(directory: Directory, number: number, visitor: RecordLogVisitor): Promise<void> {
  const file = await directory.openFile(fileName(number))
  try {
    await readLog(file, {
      record: (bytes, start, end) => visitor.record(bytes, start, end, number),
      dropped: damage => visitor.dropped(damage),
    })
  } finally {
    await file.close()
  }
}

async function createLog(directory: Directory, number: number): Promise<LogWriter> {
  const file = await directory.createFile(fileName(number))
  await directory.sync()
  return new LogWriter(file)
}
