/**
 * Fills an empty database: by single puts, many at the same time, or by batches, one awaited after the other.
 */
import { Meter, type Phase } from '../meter.ts'
import { Model } from '../model.ts'
import { BatchWriter } from './batch-writer.ts'
import { atRandom, inOrder, type Choice } from './choice.ts'
import { PutWriter } from './put-writer.ts'
import { LAP, SAMPLES, sizes, type Scene, type Workload } from './workload.ts'

/** Keys in order, at random, by puts and by batches. */
export const fills: readonly Workload[] = [
  puts('fillseq', 'puts of keys in order to an empty database, 100 at a time', LAP, inOrder),
  puts('fillrandom', 'puts to random keys of an empty database, 100 at a time', LAP, atRandom),
  puts('concurrent-put', 'puts to random keys of an empty database, 1000 at a time', 10 * LAP, atRandom),
  batches('fillbatch100', 'batches of 100 keys in order to an empty database', 100, inOrder),
  batches('fillbatch1000', 'batches of 1000 keys in order to an empty database', 1000, inOrder),
  batches('fillbatch1000-random', 'batches of 1000 random keys to an empty database', 1000, atRandom),
]

function puts(name: string, summary: string, together: number, choice: Choice): Workload {
  const run = (scene: Scene): AsyncGenerator<Phase, void, undefined> =>
    fill(scene, { name, choice, writer: new PutWriter(scene, together), together })
  return { name, summary, ...sizes(), run }
}

function batches(name: string, summary: string, batch: number, choice: Choice): Workload {
  const run = (scene: Scene): AsyncGenerator<Phase, void, undefined> =>
    fill(scene, { name, choice, writer: new BatchWriter(scene, batch), together: 1 })
  return { name, summary, ...sizes(), run }
}

interface Fill {
  readonly name: string
  readonly choice: Choice
  readonly writer: Pick<PutWriter, 'write'>
  /** Writes that may overtake each other. */
  readonly together: number
}

async function* fill(scene: Scene, { name, choice, writer, together }: Fill): AsyncGenerator<Phase, void, undefined> {
  const { driver, dataset, size } = scene
  const meter = new Meter(name)
  await writer.write(0, size.num, choice(size), meter)
  yield meter.stop()
  const model = new Model(dataset, size.keys)
  const replay = choice(size)
  for (let write = 0; write < size.num; write++) model.note(replay(write), write, write - (write % together))
  await scene.settle(size.num, model.live)
  await model.verify(driver, SAMPLES, size.seed)
}
