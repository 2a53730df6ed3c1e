/**
 * What the drivers of packages that speak abstract-level do alike: write by its chained batch, and scan by `nextv`.
 */
import { SCAN_BATCH, type Operation, type ScanRange } from './driver.ts'

/** What is used of a chained batch. */
interface Chain<Options> {
  put(key: Uint8Array, value: Uint8Array): unknown
  del(key: Uint8Array): unknown
  write(options: Options): Promise<void>
}

/** What is used of an iterator over entries. */
interface Entries {
  nextv(size: number): Promise<[Uint8Array, Uint8Array][]>
  close(): Promise<void>
}

/** Writes operations as one. */
export function writeChained<Options>(
  batch: Chain<Options>,
  operations: readonly Operation[],
  options: Options,
): Promise<void> {
  for (const operation of operations) {
    if (operation.type === 'put') batch.put(operation.key, operation.value)
    else batch.del(operation.key)
  }
  return batch.write(options)
}

/** Hands over the entries of an iterator, up to the limit of its range, and closes it. Resolves with their number. */
export async function scanEntries(
  iterator: Entries,
  { limit = Infinity }: ScanRange,
  visit: (key: Uint8Array, value: Uint8Array) => void,
): Promise<number> {
  let count = 0
  try {
    while (count < limit) {
      const some = await iterator.nextv(Math.min(SCAN_BATCH, limit - count))
      if (some.length === 0) break
      for (const [key, value] of some) visit(key, value)
      count += some.length
    }
  } finally {
    await iterator.close()
  }
  return count
}
