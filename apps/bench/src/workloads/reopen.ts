/**
 * Opening a database that another process has left, until the first value is read. An operation is one opening.
 *
 * Pages of the files are in the system's cache; this measures the database, not the disk.
 */
import { ENTRY_BYTES, KEY_BYTES, keyNumberOf } from '../dataset.ts'
import type { Phase } from '../meter.ts'
import { VerificationError } from '../model.ts'
import { load, loadKeys, verifyLoaded } from './load.ts'
import type { Scene, Workload } from './workload.ts'

const SIZES = { full: { num: 1, keys: 1_000_000 }, quick: { num: 1, keys: 20_000 } } as const

/** Left in good order. */
export const openClean: Workload = {
  name: 'open-clean',
  summary: 'opens a settled and closed database of another process, and gets one value',
  ...SIZES,
  preparation: { end: 'closed', run: load },
  run: open,
}

/** Left by a process that was killed. */
export const openKill: Workload = {
  name: 'open-kill',
  summary: 'the same after the other process was killed right after its last write',
  ...SIZES,
  preparation: { end: 'killed', run: loadKeys },
  run: open,
}

async function* open(scene: Scene): AsyncGenerator<Phase, void, undefined> {
  const { driver, dataset, opening, size } = scene
  if (opening === undefined) throw new TypeError('nobody measured the opening')
  const middle = size.keys >> 1
  const key = Buffer.alloc(KEY_BYTES)
  dataset.writeKey(middle, key)
  const found = keyNumberOf(await driver.get(key))
  opening.endLap(1, ENTRY_BYTES)
  yield opening.stop()
  if (found !== middle) throw new VerificationError(`a get of key ${middle} gives that of ${found}`)
  await verifyLoaded(scene)
}
