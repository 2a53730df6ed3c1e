/**
 * Puts that each wait for the disk, by one writer and by many.
 */
import { ENTRY_BYTES, KEY_BYTES, VALUE_BYTES } from '../dataset.ts'
import { Meter, type Phase } from '../meter.ts'
import { Model } from '../model.ts'
import { atRandom } from './choice.ts'
import { byClients } from './clients.ts'
import { goesOn, LAP, SAMPLES, type Scene, type Workload } from './workload.ts'

/** One writer. */
export const fillsync: Workload = {
  name: 'fillsync',
  summary: 'puts to random keys of an empty database, each synced, one awaited after the other',
  full: { num: 20_000, keys: 1_000_000 },
  quick: { num: 1000, keys: 20_000 },
  durability: 'synced',
  run: scene => fill(scene, 'fillsync', 1),
}

/** Writers that a database may serve by one sync. */
export const fillsyncConcurrent: Workload = {
  name: 'fillsync-concurrent',
  summary: 'the same by 64 writers at the same time',
  full: { num: 200_000, keys: 1_000_000 },
  quick: { num: 10_000, keys: 20_000 },
  durability: 'synced',
  run: scene => fill(scene, 'fillsync-concurrent', 64),
}

async function* fill(scene: Scene, name: string, writers: number): AsyncGenerator<Phase, void, undefined> {
  const { driver, dataset, size } = scene
  const choose = atRandom(size)
  const keys = Array.from({ length: writers }, () => Buffer.alloc(KEY_BYTES))
  const values = Array.from({ length: writers }, () => Buffer.alloc(VALUE_BYTES))
  const lap = writers === 1 ? LAP : writers * PUTS_OF_A_WRITER
  const meter = new Meter(name)
  while (goesOn(meter, size)) {
    const first = meter.operations
    await byClients(writers, lap, (operation, writer) => {
      const chosen = choose(first + operation)
      dataset.writeKey(chosen, keys[writer])
      dataset.writeValue(chosen, first + operation, values[writer])
      if (operation % SAMPLED === 0) return meter.sample(() => driver.put(keys[writer], values[writer]))
      return driver.put(keys[writer], values[writer])
    })
    await meter.lap(lap, lap * ENTRY_BYTES)
  }
  yield meter.stop()
  const model = new Model(dataset, size.keys)
  const replay = atRandom(size)
  for (let write = 0; write < meter.operations; write++)
    model.note(replay(write), write, writers === 1 ? write : write - (write % lap))
  await scene.settle(meter.operations, model.live)
  await model.verify(driver, SAMPLES, size.seed)
}

/** One put in so many is timed; the time is nothing beside a sync. */
const SAMPLED = 10

/** In one lap, after which all wait for the last one. */
const PUTS_OF_A_WRITER = 16
