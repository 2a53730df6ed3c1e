/**
 * Scans of a database that was loaded and has settled: of everything, both ways, and of ten entries from a random key on.
 */
import { ENTRY_BYTES, KEY_BYTES, keyNumberOf } from '../dataset.ts'
import { Meter, type Phase } from '../meter.ts'
import { VerificationError } from '../model.ts'
import { Random } from '../random.ts'
import { load, verifyLoaded } from './load.ts'
import { goesOn, LAP, sizes, type Scene, type Workload } from './workload.ts'

/** From the first key to the last. */
export const readseq: Workload = {
  name: 'readseq',
  summary: 'scans of everything, keys and values, from the first key to the last, time per entry',
  ...sizes(2_000_000),
  run: scene => scanAll(scene, 'readseq', false),
}

/** From the last key to the first. */
export const readreverse: Workload = {
  name: 'readreverse',
  summary: 'the same from the last key to the first',
  ...sizes(2_000_000),
  run: scene => scanAll(scene, 'readreverse', true),
}

/** A new iterator for each. */
export const seekrandom: Workload = {
  name: 'seekrandom',
  summary: 'ten entries from a random key on, by an iterator of its own, one after the other',
  ...sizes(),
  run: seek,
}

async function* scanAll(scene: Scene, name: string, reverse: boolean): AsyncGenerator<Phase, void, undefined> {
  const { driver, size } = scene
  await load(scene)
  const meter = await Meter.begin(name)
  while (goesOn(meter, size)) {
    const limit = Math.min(size.keys, size.num - meter.operations)
    let bytes = 0
    let next = reverse ? size.keys - 1 : 0
    const count = await driver.scan({ reverse, limit }, (key, value) => {
      bytes += key.length + value.length
      if (keyNumberOf(value) !== next) throw new VerificationError(`a scan gives another key than ${next}`)
      next += reverse ? -1 : 1
    })
    if (count !== limit) throw new VerificationError(`a scan gives ${count} entries, not ${limit}`)
    await meter.lap(count, bytes)
  }
  yield await meter.finish()
  await verifyLoaded(scene)
}

const ENTRIES = 10
const WARM_UP = 2000

async function* seek(scene: Scene): AsyncGenerator<Phase, void, undefined> {
  const { driver, dataset, size } = scene
  await load(scene)
  const random = new Random(size.seed)
  const gte = Buffer.alloc(KEY_BYTES)
  const some = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const start = random.below(size.keys)
      let next = start
      dataset.writeKey(start, gte)
      await driver.scan({ gte, limit: ENTRIES }, (_, value) => {
        if (keyNumberOf(value) !== next) throw new VerificationError(`a scan gives another key than ${next}`)
        next++
      })
      if (next !== Math.min(start + ENTRIES, size.keys)) throw new VerificationError(`a scan ends before key ${next}`)
    }
  }
  for (let done = 0; done < Math.min(WARM_UP, size.num); done += LAP) await some(LAP)
  const meter = new Meter('seekrandom')
  while (goesOn(meter, size)) {
    await meter.sample(() => some(1))
    await some(LAP - 1)
    await meter.lap(LAP, LAP * ENTRIES * ENTRY_BYTES)
  }
  yield meter.stop()
  await verifyLoaded(scene)
}
