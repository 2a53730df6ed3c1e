/**
 * One awaited put after the other, to random keys.
 */
import { ENTRY_BYTES, KEY_BYTES, VALUE_BYTES } from '../dataset.ts'
import { Meter, type Phase } from '../meter.ts'
import { Model } from '../model.ts'
import { Random } from '../random.ts'
import { LAP, type Scene, type Workload } from './workload.ts'

/** See the head of this file. */
export const fillrandom: Workload = {
  name: 'fillrandom',
  summary: 'puts to random keys of an empty database, one awaited after the other',
  full: { num: 1_000_000, keys: 1_000_000 },
  quick: { num: 50_000, keys: 50_000 },
  run,
}

async function* run(scene: Scene): AsyncGenerator<Phase, void, undefined> {
  const { driver, dataset, size } = scene
  const { num, keys, seed } = size
  const key = Buffer.alloc(KEY_BYTES)
  const value = Buffer.alloc(VALUE_BYTES)
  const random = new Random(seed)
  const meter = new Meter('fillrandom')
  for (let write = 0; write < num; write++) {
    const chosen = random.below(keys)
    dataset.writeKey(chosen, key)
    dataset.writeValue(chosen, write, value)
    await driver.put(key, value)
    if ((write + 1) % LAP === 0) await meter.lap(LAP, LAP * ENTRY_BYTES)
  }
  yield meter.stop()
  const model = new Model(dataset, keys)
  const replay = new Random(seed)
  for (let write = 0; write < num; write++) model.note(replay.below(keys), write)
  await scene.settle(num, model.live)
  await model.verify(driver, LAP, seed)
}
