/**
 * How writing ends.
 *
 *     refuse writes ─▶ cancel jobs ─▶ sync and close the log ─▶ long logs become tables ─▶ LSM-STATE
 *
 * 1. Background work is cancelled first: writes that wait for it then end, instead of waiting for a long job.
 * 2. What is in the logs is safe there. Making tables of it only spares the next open the replay: where that fails, it is
 *    told as an event, and the logs stay.
 * 3. Every step is tried, whatever became of the others; the first failure is the caller's.
 */
import { manifestFileName, parseFileName, VersionEdit } from '@lsm/manifest'

import { createLog } from './begin.ts'
import { writeCleanState } from './clean-close.ts'
import { Attempts } from './close.ts'
import { flushAll } from './flush-all.ts'
import type { Engine, Writer } from './open.ts'

/** Ends the writing of an engine; the lock is still held afterwards. Does nothing for one that is only read. */
export async function closeWriter(engine: Engine): Promise<void> {
  const { writer } = engine
  if (writer === undefined) return
  const attempts = new Attempts()
  const queueClosed = attempts.try(() => writer.queue.close())
  await attempts.try(() => writer.background.close())
  await queueClosed
  if (attempts.wentWell) await flushLongLogs(engine, writer)
  await attempts.try(() => writer.runner.close())
  if (attempts.wentWell) await attempts.try(() => noteCleanClose(engine, writer))
  attempts.end()
}

/** Whether writes had stopped, or the MANIFEST cannot be relied on. */
function hasFailed({ versions }: Engine, { queue, background }: Writer): boolean {
  return versions.failed || queue.failure !== undefined || background.failure !== undefined
}

/** Makes tables of what is only in logs, if it is much. Never rejects. */
async function flushLongLogs(engine: Engine, writer: Writer): Promise<void> {
  const { memtables, options, events } = engine
  const unflushed = memtables.newestFirst().toReversed()
  const bytes = unflushed.reduce((sum, memtable) => sum + (memtable.entries === 0 ? 0 : memtable.memoryUsage), 0)
  if (bytes <= options.maxReplaySize || hasFailed(engine, writer)) return
  try {
    await leaveLogs(engine, writer)
  } catch (error) {
    events.emit('error', { error, job: 'flush', attempt: 1, retried: false })
  }
}

async function leaveLogs({ directory, versions, memtables, options }: Engine, writer: Writer): Promise<void> {
  const { runner, facts, queue, obsolete } = writer
  const edit = new VersionEdit()
  const unflushed = memtables.newestFirst().filter(({ entries }) => entries > 0)
  const parts = { versions, runner, table: options.table, facts, edit }
  await flushAll(unflushed.toReversed(), queue.lastSequence, parts)
  const log = await createLog(directory, versions)
  await log.writer.close()
  edit.logNumber = log.number
  edit.prevLogNumber = 0
  edit.lastSequence = queue.lastSequence
  await versions.apply(edit)
  await obsolete.remove()
}

/** Notes what an orderly close leaves. */
async function noteCleanClose(engine: Engine, writer: Writer): Promise<void> {
  if (hasFailed(engine, writer)) return
  const { directory, versions } = engine
  const newest = Math.max(writer.queue.logNumber, versions.logNumber)
  const logs = (await directory.list())
    .filter(({ name }) => {
      const parsed = parseFileName(name)
      return parsed?.kind === 'log' && parsed.number >= versions.logNumber && parsed.number <= newest
    })
    .map(({ name, size }) => ({ name, size }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  await writeCleanState(directory, {
    manifest: manifestFileName(versions.manifestNumber),
    manifestSize: versions.manifestBytes,
    logs,
    lastSequence: writer.queue.lastSequence,
  })
}
