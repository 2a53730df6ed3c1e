/**
 * One awaited look-up whose answer is looked at while the clock runs.
 */
import { keyNumberOf } from '../dataset.ts'
import { VerificationError } from '../model.ts'
import type { Scene } from './workload.ts'

/** Gets key number `number` through `key`, a buffer that nobody else uses; throws `VerificationError` for another's value. */
export async function checkedGet({ driver, dataset }: Scene, number: number, key: Buffer): Promise<void> {
  dataset.writeKey(number, key)
  const found = keyNumberOf(await driver.get(key), dataset.valueBytes)
  if (found !== number) throw new VerificationError(`a get of key ${number} gives that of ${found}`)
}
