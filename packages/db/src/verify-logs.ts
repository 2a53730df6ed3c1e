/**
 * Do the logs hold what was written to them?
 *
 * The same is asked of them as when a database is opened, and then more: reading goes on behind damage, so that all of it
 * is found.
 *
 * 1. Damage at the end of the newest log that holds anything is what a crash leaves. Everything else is a loss.
 * 2. Sequence numbers follow each other without a gap, from log to log, and from the MANIFEST to the first log.
 * 3. Logs that stayed when the MANIFEST was begun still reach to its last number.
 */
import { ByteReader, TYPE_DELETION, type ReadableFile } from '@lsm/base'
import type { VersionSet } from '@lsm/manifest'
import { readLog, type LogDamage } from '@lsm/wal'

import { firstOwnLog, keptLogs, type DroppedBytes } from './recovery.ts'
import type { Findings } from './verify-report.ts'
import { checkBatch } from './write-batch.ts'

const LOST = 'the writes in it are lost; the database may refuse to open'

/** Examines logs, one after the other, oldest first. */
export class LogVerifier {
  /** The greatest sequence number that was met. */
  lastSequence: number
  readonly #findings: Findings
  /** Sequence number that must come next; `undefined` where anything may. */
  #next: number | undefined
  #started = false
  /** Damage at the end of the last log: a crash's, unless a log with records follows. */
  #tail: DroppedBytes | undefined
  readonly #versions: VersionSet | undefined
  /** The greatest sequence number in the logs that stayed when the MANIFEST was begun. */
  #keptTo = -1

  /** @param versions - what the MANIFEST says; `undefined` if it could not be read. */
  constructor(findings: Findings, versions: VersionSet | undefined) {
    this.#findings = findings
    this.#versions = versions
    this.lastSequence = versions?.lastSequence ?? 0
    this.#next = versions === undefined ? undefined : versions.lastSequence + 1
  }

  /** Examines the next log, and closes its file. */
  async log(file: ReadableFile, number: number): Promise<void> {
    const { name } = file
    const isKept = this.#versions !== undefined && number < firstOwnLog(this.#versions)
    const counts = { entries: 0, deletions: 0 }
    this.#findings.counts.set(name, counts)
    try {
      await readLog(
        file,
        {
          record: (bytes, start, end, offset) => {
            this.#tailWasLoss(name)
            try {
              const batch = checkBatch(bytes, start, end, name, offset)
              this.#follows(batch.sequence, batch.count, name, offset)
              if (isKept) this.#keptTo = Math.max(this.#keptTo, batch.sequence + batch.count - 1)
              counts.entries += batch.count
              counts.deletions += countDeletions(bytes, start, end)
            } catch (error) {
              this.#findings.addError(error, name, 'the database refuses to open')
              this.#next = undefined
            }
          },
          dropped: damage => this.#damaged(damage),
        },
        { maxRecordSize: 2 ** 31 },
      )
    } finally {
      await file.close()
    }
  }

  /** No log follows. */
  finish(): void {
    if (this.#tail !== undefined) this.#findings.dropped.push(this.#tail)
    const kept = this.#versions === undefined ? undefined : keptLogs(this.#versions)
    if (kept === undefined || this.#keptTo >= kept.sequence) return
    const what = `the logs of earlier sessions do not reach to write ${kept.sequence}, as they did`
    this.#findings.add(kept.file, 0, what, 'the database refuses to open')
  }

  #damaged({ file, offset, bytes, reason, tail }: LogDamage): void {
    this.#next = undefined
    if (tail) {
      this.#tailWasLoss(file)
      this.#tail = { file, offset, bytes, reason }
    } else this.#findings.add(file, offset, `${reason}; ${bytes} bytes are damaged, and records follow`, LOST)
  }

  /** Damage that ends a log is no trace of a crash if a newer log holds anything. */
  #tailWasLoss(newer: string): void {
    const tail = this.#tail
    if (tail === undefined) return
    this.#tail = undefined
    const what = `${tail.reason}; ${tail.bytes} bytes are damaged, and ${newer} holds newer writes`
    this.#findings.add(tail.file, tail.offset, what, LOST)
  }

  #follows(sequence: number, count: number, file: string, offset: number): void {
    if (count === 0) return
    const next = this.#next
    const gap = next !== undefined && sequence > next
    const back = next !== undefined && this.#started && sequence < next
    if (gap) {
      this.#findings.add(file, offset, `the writes ${next} to ${sequence - 1} are missing before it`, 'they are lost')
    } else if (back) {
      this.#findings.add(
        file,
        offset,
        `write ${sequence} comes after write ${next - 1}`,
        'the database refuses to open',
      )
    }
    this.#started = true
    this.#next = sequence + count
    this.lastSequence = Math.max(this.lastSequence, sequence + count - 1)
  }
}

/** The deletions in a batch that was checked. */
function countDeletions(bytes: Uint8Array, start: number, end: number): number {
  const reader = new ByteReader(bytes, start, end, '', 0)
  reader.fixed64()
  reader.fixed32()
  let deletions = 0
  while (reader.remaining > 0) {
    const isDeletion = reader.byte() === TYPE_DELETION
    reader.skipSlice()
    if (isDeletion) deletions++
    else reader.skipSlice()
  }
  return deletions
}
