/**
 * Look-ups while a writer overwrites: to each hundred awaited gets come ten puts, sent off before them and awaited after
 * them. An operation is a get; the puts' time is in it, for everybody alike.
 */
import { ENTRY_BYTES, KEY_BYTES, keyNumberOf } from '../dataset.ts'
import { Meter, type Phase } from '../meter.ts'
import { VerificationError } from '../model.ts'
import { Random } from '../random.ts'
import { atRandom } from './choice.ts'
import { load, loadedModel } from './load.ts'
import { PutWriter } from './put-writer.ts'
import { goesOn, LAP, SAMPLES, sizes, type Scene, type Workload } from './workload.ts'

/** See the head of this file. */
export const readwhilewriting: Workload = {
  name: 'readwhilewriting',
  summary: 'awaited gets of random keys while ten puts to each hundred gets go on, time per get',
  ...sizes(),
  run,
}

const PUTS = LAP / 10

async function* run(scene: Scene): AsyncGenerator<Phase, void, undefined> {
  const { driver, dataset, size } = scene
  const { keys, seed } = size
  await load(scene)
  const writer = new PutWriter(scene, PUTS)
  const choose = atRandom(size)
  const random = new Random(seed + 1)
  const key = Buffer.alloc(KEY_BYTES)
  const get = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const chosen = random.below(keys)
      dataset.writeKey(chosen, key)
      const found = keyNumberOf(await driver.get(key))
      if (found !== chosen) throw new VerificationError(`a get of key ${chosen} gives that of ${found}`)
    }
  }
  const meter = new Meter('readwhilewriting')
  while (goesOn(meter, size)) {
    const first = keys + (meter.operations / LAP) * PUTS
    const writing = writer.writeAtOnce(first, PUTS, choose)
    await meter.sample(() => get(1))
    await get(LAP - 1)
    await writing
    await meter.lap(LAP, (LAP + PUTS) * ENTRY_BYTES)
  }
  yield meter.stop()
  const model = loadedModel(scene)
  const replay = atRandom(size)
  const end = keys + (meter.operations / LAP) * PUTS
  for (let write = keys; write < end; write++) model.note(replay(write), write, write - ((write - keys) % PUTS))
  await scene.settle(end, keys)
  await model.verify(driver, SAMPLES, seed)
}
