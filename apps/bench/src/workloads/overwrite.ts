/**
 * Random writes to a loaded database: puts and deletes, a hundred at the same time, and puts awaited one by one.
 */
import { ENTRY_BYTES, KEY_BYTES, VALUE_BYTES } from '../dataset.ts'
import { Meter, type Phase } from '../meter.ts'
import { atRandom } from './choice.ts'
import { load, loadedModel } from './load.ts'
import { PutWriter } from './put-writer.ts'
import { goesOn, LAP, SAMPLES, sizes, type Scene, type Workload } from './workload.ts'

/** Puts, many at the same time. */
export const overwrite: Workload = {
  name: 'overwrite',
  summary: 'puts to random keys of a loaded database, 100 at a time',
  ...sizes(),
  run: scene => overwriting(scene, 'overwrite', LAP),
}

/** Puts, one at a time. */
export const awaitedPutLoop: Workload = {
  name: 'awaited-put-loop',
  summary: 'puts to random keys of a loaded database, one awaited after the other',
  ...sizes(),
  run: scene => overwriting(scene, 'awaited-put-loop', 1),
}

/** Deletes, many at the same time. */
export const deleterandom: Workload = {
  name: 'deleterandom',
  summary: 'deletes of random keys of a loaded database, 100 at a time',
  ...sizes(),
  run: deleting,
}

async function* overwriting(scene: Scene, name: string, together: number): AsyncGenerator<Phase, void, undefined> {
  const { driver, size } = scene
  const { keys, seed } = size
  await load(scene)
  const choose = atRandom(size)
  const writer = new PutWriter(scene, together)
  const meter = new Meter(name)
  while (goesOn(meter, size)) {
    const first = keys + meter.operations
    if (together === 1) await putOneByOne(scene, first, choose, meter)
    else await writer.writeAtOnce(first, together, choose)
    await meter.lap(LAP, LAP * ENTRY_BYTES)
  }
  yield meter.stop()
  const model = loadedModel(scene)
  const replay = atRandom(size)
  const end = keys + meter.operations
  for (let write = keys; write < end; write++) model.note(replay(write), write, write - ((write - keys) % together))
  await scene.settle(end, keys)
  await model.verify(driver, SAMPLES, seed)
}

async function putOneByOne(
  { dataset, driver }: Scene,
  first: number,
  choose: (write: number) => number,
  meter: Meter,
): Promise<void> {
  const key = Buffer.alloc(KEY_BYTES)
  const value = Buffer.alloc(VALUE_BYTES)
  for (let write = first; write < first + LAP; write++) {
    const chosen = choose(write)
    dataset.writeKey(chosen, key)
    dataset.writeValue(chosen, write, value)
    if (write === first) await meter.sample(() => driver.put(key, value))
    else await driver.put(key, value)
  }
}

async function* deleting(scene: Scene): AsyncGenerator<Phase, void, undefined> {
  const { driver, dataset, size } = scene
  const { keys, seed } = size
  await load(scene)
  const choose = atRandom(size)
  const buffers = Array.from({ length: LAP }, () => Buffer.alloc(KEY_BYTES))
  const meter = new Meter('deleterandom')
  while (goesOn(meter, size)) {
    const first = meter.operations
    await Promise.all(
      buffers.map((key, i) => {
        dataset.writeKey(choose(first + i), key)
        return driver.del(key)
      }),
    )
    await meter.lap(LAP, LAP * KEY_BYTES)
  }
  yield meter.stop()
  const model = loadedModel(scene)
  const replay = atRandom(size)
  for (let done = 0; done < meter.operations; done++) model.noteDelete(replay(done))
  await scene.settle(keys + meter.operations, model.live)
  await model.verify(driver, SAMPLES, seed)
}
