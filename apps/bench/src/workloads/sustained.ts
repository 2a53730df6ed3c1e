/**
 * Load, then overwrite at random for long: shows what compaction costs, and who pays when.
 */
import { scattered } from '../dataset.ts'
import { Meter, type Phase } from '../meter.ts'
import { Model } from '../model.ts'
import { Random } from '../random.ts'
import { BatchWriter } from './batch-writer.ts'
import { SAMPLES, type Scene, type Workload } from './workload.ts'

/** See the head of this file. */
export const sustained: Workload = {
  name: 'sustained',
  summary: 'loads each key once in scattered order, then overwrites random ones in batches until `num` writes are done',
  full: { num: 10_000_000, keys: 2_500_000 },
  quick: { num: 400_000, keys: 100_000 },
  onRequest: true,
  run,
}

async function* run(scene: Scene): AsyncGenerator<Phase, void, undefined> {
  const { driver, dataset, size } = scene
  const { keys, num, seed } = size
  const writer = new BatchWriter(scene)
  const load = new Meter('load')
  await writer.write(0, keys, write => scattered(write, keys), load)
  yield load.stop()
  const random = new Random(seed)
  const meter = new Meter('sustained')
  await writer.write(keys, num, () => random.below(keys), meter)
  yield meter.stop()
  await scene.settle(num, keys)
  const model = new Model(dataset, keys)
  for (let write = 0; write < keys; write++) model.note(scattered(write, keys), write)
  const replay = new Random(seed)
  for (let write = keys; write < num; write++) model.note(replay.below(keys), write)
  await model.verify(driver, SAMPLES, seed)
}
