/**
 * A loaded database to work on: each key once, in scattered order.
 */
import { scattered } from '../dataset.ts'
import { Model } from '../model.ts'
import { BatchWriter } from './batch-writer.ts'
import { SAMPLES, type Scene } from './workload.ts'

/** Loads the keys in batches of a hundred and waits until nothing is left to do; what that took is noted. */
export async function load(scene: Scene): Promise<void> {
  const { keys } = scene.size
  await new BatchWriter(scene).write(0, keys, write => scattered(write, keys))
  await scene.settle(keys, keys)
}

/** What must be there after {@link load}, with room for keys that are added. */
export function loadedModel({ dataset, size }: Scene, added = 0): Model {
  const model = new Model(dataset, size.keys + added)
  for (let write = 0; write < size.keys; write++) model.note(scattered(write, size.keys), write)
  return model
}

/** Throws `VerificationError` if a database does not hold exactly what {@link load} gave it. */
export async function verifyLoaded(scene: Scene): Promise<void> {
  await loadedModel(scene).verify(scene.driver, SAMPLES, scene.size.seed)
}
