/**
 * Are tables that were just written what they should be?
 *
 * They are opened like any other table, and walked. Loading a block compares its checksum, looks at every entry, at
 * their order, and at the bounds that the index gives it; the walk counts entries and meets both ends.
 */
import { corruption, END, equalBytes, MISS, ReadContext, type InternalIterator, type Move } from '@lsm/base'
import { tableFileName } from '@lsm/manifest'
import { BlockCache, TableReader, type TableReaderOptions } from '@lsm/sstable'

import { BlockLoads } from './block-loads.ts'
import { throwIfCancelled, type JobSurroundings } from './job.ts'
import type { OutputTable } from './output-tables.ts'
import { SequentialDirectory } from './sequential-directory.ts'

/** Moves between two looks at the clock. */
const MOVES_PER_LOOK = 256

/** Makes the check of a job's outputs; it throws `LSM_CORRUPTION` for a table that is not right. */
export function verifyTables(
  { maxBlockSize }: { readonly maxBlockSize: number },
  surroundings: JobSurroundings,
): (files: readonly OutputTable[]) => Promise<void> {
  const { codecs, filters } = surroundings.components
  const options = { verifyChecksums: true, maxBlockSize, codecs, filters, cache: new BlockCache(0) }
  return async files => {
    for (const file of files) await verify(file, options, surroundings)
  }
}

async function verify(
  expected: OutputTable,
  options: TableReaderOptions,
  surroundings: JobSurroundings,
): Promise<void> {
  const name = tableFileName(expected.number)
  const file = await new SequentialDirectory(surroundings.directory).openFile(name)
  const table = await TableReader.open(file, expected.size, options)
  try {
    if (table.problems.length > 0) throw corruption(`a table just written is damaged: ${table.problems[0]}`, name, 0)
    await walk(table, expected, name, surroundings)
  } finally {
    table.release()
    await table.closed()
  }
}

async function walk(
  table: TableReader,
  expected: OutputTable,
  name: string,
  { directory, ownThread, pace, cancellation }: JobSurroundings,
): Promise<void> {
  const context = new ReadContext()
  const loads = new BlockLoads(context, directory.openFileSync !== undefined, ownThread)
  const iterator = table.iterator(context)
  let move: Move = iterator.seekToFirst()
  let entries = 0
  let first: Uint8Array | undefined
  let last: Uint8Array | undefined
  for (; move !== END; move = first === undefined ? iterator.seekToFirst() : iterator.next()) {
    if (move === MISS) {
      if (!loads.tryNow()) await loads.wait()
      continue
    }
    first ??= keyOf(iterator)
    if (++entries === expected.entries) last = keyOf(iterator)
    if (entries % MOVES_PER_LOOK > 0) continue
    context.release()
    throwIfCancelled(cancellation)
    if (pace.due()) await pace.yield()
  }
  context.release()
  const right = entries === expected.entries && isEqual(first, expected.smallest) && isEqual(last, expected.largest)
  if (!right) throw corruption('a table just written does not hold the entries that were put into it', name, 0)
}

function keyOf({ key, keyStart, keyEnd }: InternalIterator): Uint8Array {
  return key.slice(keyStart, keyEnd)
}

function isEqual(key: Uint8Array | undefined, expected: Uint8Array): boolean {
  return key !== undefined && equalBytes(key, 0, key.length, expected, 0, expected.length)
}
