/**
 * Look-ups of a hundred keys at once. An operation is one key.
 */
import { ENTRY_BYTES, KEY_BYTES, keyNumberOf } from '../dataset.ts'
import { Meter, type Phase } from '../meter.ts'
import { VerificationError } from '../model.ts'
import { Random } from '../random.ts'
import { load, verifyLoaded } from './load.ts'
import { goesOn, LAP, sizes, type Scene, type Workload } from './workload.ts'

/** See the head of this file. */
export const multireadrandom: Workload = {
  name: 'multireadrandom',
  summary: 'gets of 100 random keys by one call, time per key',
  ...sizes(),
  run,
}

const WARM_UP = 20_000

async function* run(scene: Scene): AsyncGenerator<Phase, void, undefined> {
  await load(scene)
  const ask = questioner(scene)
  for (let done = 0; done < Math.min(WARM_UP, scene.size.num); done += LAP) await ask()
  const meter = new Meter('multireadrandom')
  while (goesOn(meter, scene.size)) {
    await ask()
    await meter.lap(LAP, LAP * ENTRY_BYTES)
  }
  yield meter.stop()
  await verifyLoaded(scene)
}

function questioner({ driver, dataset, size }: Scene): () => Promise<void> {
  const random = new Random(size.seed)
  const chosen = new Uint32Array(LAP)
  const keys = Array.from({ length: LAP }, () => Buffer.alloc(KEY_BYTES))
  return async () => {
    for (let i = 0; i < LAP; i++) dataset.writeKey((chosen[i] = random.below(size.keys)), keys[i])
    const values = await driver.getMany(keys)
    for (let i = 0; i < LAP; i++) {
      const found = keyNumberOf(values[i])
      if (found !== chosen[i]) throw new VerificationError(`a get of key ${chosen[i]} gives that of ${found}`)
    }
  }
}
