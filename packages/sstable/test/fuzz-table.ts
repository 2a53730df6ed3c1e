/** A table as a fuzzer sees it: blocks whose checksums can be put right again. */
import { crc32c, maskCrc, MISS, putFixed32, ReadContext, VALID, type InternalIterator, type Move } from '@lsm/base'

import { tableParts } from '../src/table-parts.ts'
import type { TableReader } from '../src/table-reader.ts'
import { openBytes, readOptions } from './support.ts'
import { memoryDirectory } from './support.ts'

const TRAILER = 5
const FOOTER = 48

/** Where the blocks of a whole table lie: `[offset, offset of the trailer)`. */
export async function blocksOf(table: Uint8Array): Promise<[number, number][]> {
  const directory = await memoryDirectory()
  await directory.replaceFile('000005.sst', table)
  const parts = await tableParts(await directory.openFile('000005.sst'), table.length, readOptions())
  const blocks = parts
    .filter(({ offset }) => offset < table.length - FOOTER)
    .map(({ offset, bytes }): [number, number] => [offset, offset + bytes - TRAILER])
  const reader = await openBytes(table)
  for (let i = 0; i < reader.blocks; i++) {
    const { offset, size } = reader.handle(i)
    blocks.push([offset, offset + size])
  }
  reader.release()
  return blocks
}

/** Puts the checksums of these blocks right. */
export function reseal(table: Uint8Array, blocks: readonly (readonly [number, number])[]): Uint8Array {
  const copy = table.slice()
  for (const [start, end] of blocks) {
    if (end + TRAILER <= copy.length) putFixed32(copy, end + 1, maskCrc(crc32c(copy, start, end + 1)))
  }
  return copy
}

/** The internal keys of a table, in hexadecimal, forwards or backwards. */
export async function keysOf(reader: TableReader, reverse: boolean): Promise<string[]> {
  const context = new ReadContext()
  const iterator = reader.iterator(context)
  const keys: string[] = []
  let move = await drive(context, () => (reverse ? iterator.seekToLast() : iterator.seekToFirst()))
  for (; move === VALID; move = await drive(context, () => (reverse ? iterator.prev() : iterator.next()))) {
    keys.push(keyOf(iterator))
  }
  return reverse ? keys.reverse() : keys
}

async function drive(context: ReadContext, call: () => Move): Promise<Move> {
  let move = call()
  while (move === MISS) {
    await context.load()
    move = call()
  }
  return move
}

function keyOf({ key, keyStart, keyEnd }: InternalIterator): string {
  return Buffer.from(key.subarray(keyStart, keyEnd)).toString('hex')
}
