/**
 * A loaded database to work on: each key once, in scattered order.
 */
import { scattered } from '../dataset.ts'
import { Model } from '../model.ts'
import { BatchWriter } from './batch-writer.ts'
import { SAMPLES, type Scene } from './workload.ts'

/** Entries and bytes of a batch: loading is not measured, and large batches are what all engines load fastest by. */
const BATCH = 1000
const BATCH_BYTES = 1 << 20

/** Loads each key once, in scattered order. */
export async function loadKeys(scene: Scene): Promise<void> {
  const { keys } = scene.size
  const batch = Math.max(1, Math.min(BATCH, Math.floor(BATCH_BYTES / scene.dataset.entryBytes)))
  await new BatchWriter(scene, batch).write(0, keys, write => scattered(write, keys))
}

/** Loads the keys and waits until nothing is left to do; what that took is noted. */
export async function load(scene: Scene): Promise<void> {
  const { keys } = scene.size
  await loadKeys(scene)
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
  const { driver, size } = scene
  await loadedModel(scene).verify(driver, Math.min(SAMPLES, size.keys), size.seed)
}
