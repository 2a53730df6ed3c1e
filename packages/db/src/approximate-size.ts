/**
 * How many bytes of tables hold a range of keys, as their indexes tell it.
 */
import { internalKey, MAX_SEQUENCE, ReadContext, TYPE_FOR_SEEK } from '@lsm/base'
import type { Version } from '@lsm/manifest'
import type { TableCache } from '@lsm/sstable'

/** Bytes between where `start` would be and where `end` would be, over all tables. */
export async function approximateSize(
  start: Uint8Array,
  end: Uint8Array,
  version: Version,
  tables: TableCache,
): Promise<number> {
  const context = new ReadContext()
  const [from, to] = [start, end].map(key => internalKey(key, MAX_SEQUENCE, TYPE_FOR_SEEK))
  let size = 0
  version.pin()
  try {
    for (const file of version.files()) {
      let table = tables.table(file.number, file.size, context)
      while (table === undefined) {
        await context.load()
        table = tables.table(file.number, file.size, context)
      }
      context.release()
      size += Math.max(0, table.approximateOffset(to, 0, to.length) - table.approximateOffset(from, 0, from.length))
    }
  } finally {
    version.unpin()
  }
  return size
}
