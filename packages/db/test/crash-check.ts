/**
 * Opening what a crash has left: is it a beginning of the history, does it stay what it is, can it be used?
 */
import { Database } from '@lsm/db'
import type { CrashableFileSystem } from '@lsm/fs/testing'

import { compare, PATH, stepsIn, type Workload } from './crash-workload.ts'
import { withTickingClock } from './ticking-clock.ts'

/** The key of the write that shows that a database can be used; last of all keys. */
const EXTRA = 'zz'

/** What a database was found to hold. */
export interface Found {
  /** Steps of the workload. */
  readonly steps: number
  /** Whether the write that came after the crash is there. */
  readonly extra: boolean
}

/** What was found after a crash, and after which operations the write that followed was called and acknowledged. */
export interface Checked {
  readonly steps: number
  readonly extraStartedAt: number
  readonly extraSyncedAt: number
}

/** What follows when an image has been opened and found good: a close, or a synced write and a crash; then it is opened again. */
export const SEQUELS = ['close', 'write', 'write and close'] as const

/** One of {@link SEQUELS}. */
export type Sequel = (typeof SEQUELS)[number]

/** Opens an image and checks it, and once more after its sequel. Throws an `Error` that says what is wrong. */
export function checkImage(workload: Workload, image: CrashableFileSystem, sequel: Sequel): Promise<Checked> {
  return withTickingClock(() => check(workload, image, sequel))
}

/** Opens and checks, and closes. */
export function look(workload: Workload, image: CrashableFileSystem): Promise<Found> {
  return withTickingClock(() => opened(workload, image, db => db.close()))
}

async function check(workload: Workload, image: CrashableFileSystem, sequel: Sequel): Promise<Checked> {
  let extraStartedAt = Infinity
  let extraSyncedAt = Infinity
  const { steps } = await opened(workload, image, async (db, { steps }) => {
    if (sequel !== 'close') {
      extraStartedAt = image.operations.length
      await db.put(EXTRA, `${steps} extra`, { sync: true })
      extraSyncedAt = image.operations.length
    }
    if (sequel !== 'write') await db.close()
  })
  const again = await opened(workload, sequel === 'write' ? image.crash({ variant: 'strict' }) : image, db =>
    db.close(),
  )
  if (again.steps !== steps) throw new Error(`${steps} steps at first, ${again.steps} when opened again`)
  if (again.extra !== (sequel !== 'close')) throw new Error('a synced write after the crash was lost')
  return { steps, extraStartedAt, extraSyncedAt }
}

async function opened(
  workload: Workload,
  image: CrashableFileSystem,
  then: (db: Database, found: Found) => Promise<void>,
): Promise<Found> {
  const db = await Database.open(PATH, { ...workload.options, fileSystem: image })
  // One that dies is never closed.
  db.events.on('leak', () => undefined)
  const entries = await db.iterator().all()
  const extra = entries.at(-1)?.[0] === EXTRA
  if (extra) entries.pop()
  const steps = stepsIn(entries)
  compare(entries, workload.states[steps], steps)
  checkReport(db, workload, steps, extra)
  const found = { steps, extra }
  await then(db, found)
  return found
}

/** Every entry has a sequence number, without gaps: so the report's last one follows from the steps. */
function checkReport({ recovery }: Database, workload: Workload, steps: number, extra: boolean): void {
  const { lastSequence, created, dropped, logs, batches, entries } = recovery
  const expected = workload.sequences[steps] + (extra ? 1 : 0)
  if (lastSequence !== expected) throw new Error(`recovered to ${lastSequence}, but holds ${expected} entries`)
  if (created && expected > 0) throw new Error('says that it was made by this open, but is not empty')
  if (batches !== total(logs.map(log => log.batches)) || entries !== total(logs.map(log => log.entries))) {
    throw new Error('the report does not add up')
  }
  for (const { file, bytes, offset } of dropped) {
    if (!(bytes > 0 && offset >= 0)) throw new Error(`drops ${bytes} bytes of ${file} at ${offset}`)
  }
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0)
}
