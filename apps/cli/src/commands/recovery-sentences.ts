/**
 * The report of a recovery in plain words.
 */
import type { DroppedBytes, RecoveryReport } from '@lsm/db'

/** What the report says, a sentence a line. */
export function recoverySentences(report: RecoveryReport): string[] {
  const { created, manifest, edits, logs, entries, batches, dropped, holes, lastSequence } = report
  if (created) return ['The database is new.']
  const sentences = [`Read ${manifest}: ${plural(edits, 'edit', 'edits')}.`]
  for (const log of logs) {
    sentences.push(
      `Replayed ${log.file}, ${plural(log.bytes, 'byte', 'bytes')}: ${contents(log.batches, log.entries)}.`,
    )
  }
  if (logs.length > 1) sentences.push(`The logs together: ${contents(batches, entries)}.`)
  sentences.push(`The newest write is number ${lastSequence}.`)
  if (dropped.length === 0) return [...sentences, 'Nothing was lost.']
  for (const stretch of dropped) sentences.push(droppedSentence(stretch))
  if (holes) sentences.push('Whole records lie behind the dropped bytes; they were not used either.')
  return sentences
}

function droppedSentence({ file, offset, bytes, reason }: DroppedBytes): string {
  return `Could not use ${plural(bytes, 'byte', 'bytes')} of ${file} at offset ${offset}: ${reason}.`
}

function contents(batches: number, entries: number): string {
  return `${plural(entries, 'entry', 'entries')} in ${plural(batches, 'batch', 'batches')}`
}

/** A count with its noun. */
export function plural(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}
