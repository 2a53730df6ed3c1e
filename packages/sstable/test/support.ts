/**
 * Tables for tests: built from entries, or put together byte by byte, and opened from memory.
 */
import { crc32c, equalBytes, maskCrc, putFixed32, putVarint, type Directory } from '@lsm/base'
import { MemoryFileSystem } from '@lsm/fs/memory'
import type { Entry } from '@lsm/testkit'

import { BlockCache } from '../src/block-cache.ts'
import { leveldbBloomFilter } from '../src/bloom-filter.ts'
import { CodecRegistry, DEFAULT_CODECS } from '../src/codec.ts'
import { blockedBloomFilter } from '../src/full-filter.ts'
import { TableBuilder, type TableBuilderOptions, type TableSummary } from '../src/table-builder.ts'
import { TableReader, type TableReaderOptions } from '../src/table-reader.ts'

export const WRITE: TableBuilderOptions = {
  blockSize: 4096,
  blockRestartInterval: 16,
  codec: undefined,
  filters: [],
  creator: 'test',
  createdAt: 1,
}

/** Options for reading, with a cache of their own. */
export function readOptions(options: Partial<TableReaderOptions> = {}): TableReaderOptions {
  return {
    verifyChecksums: true,
    maxBlockSize: 64 * 1024 * 1024,
    codecs: new CodecRegistry(DEFAULT_CODECS),
    filters: [blockedBloomFilter(), leveldbBloomFilter()],
    cache: new BlockCache(1024 * 1024),
    ...options,
  }
}

/** A directory in memory. */
export function memoryDirectory(): Promise<Directory> {
  return new MemoryFileSystem().openDirectory('/tables', true)
}

/** Writes a table of these entries. */
export async function writeEntries(
  directory: Directory,
  name: string,
  entries: Iterable<Entry>,
  options: Partial<TableBuilderOptions> = {},
): Promise<TableSummary> {
  const file = await directory.createFile(name)
  const builder = new TableBuilder(file, { ...WRITE, ...options })
  for (const { key, value } of entries) builder.add(key, 0, key.length, value, 0, value.length)
  const summary = builder.finish()
  await file.close()
  return summary
}

/** The bytes of a table of these entries. */
export async function tableBytes(
  entries: Iterable<Entry>,
  options: Partial<TableBuilderOptions> = {},
): Promise<Uint8Array> {
  const directory = await memoryDirectory()
  await writeEntries(directory, '000001.ldb', entries, options)
  return fileBytes(directory, '000001.ldb')
}

/** Everything in a file. */
async function fileBytes(directory: Directory, name: string): Promise<Uint8Array> {
  const file = await directory.openFile(name)
  const bytes = new Uint8Array(file.size)
  await file.read(0, bytes, 0, bytes.length)
  await file.close()
  return bytes
}

/** Opens a table that is these bytes. */
export async function openBytes(
  bytes: Uint8Array,
  options: Partial<TableReaderOptions> = {},
  size: number = bytes.length,
): Promise<TableReader> {
  const directory = await memoryDirectory()
  await directory.replaceFile('000005.sst', bytes)
  return TableReader.open(await directory.openFile('000005.sst'), size, readOptions(options))
}

/** Opens a table of these entries. */
export async function openEntries(
  entries: Iterable<Entry>,
  write: Partial<TableBuilderOptions> = {},
  read: Partial<TableReaderOptions> = {},
): Promise<TableReader> {
  return openBytes(await tableBytes(entries, write), read)
}

/** Bytes from hexadecimal digits, 'text in quotes', and spaces. */
export function bytes(text: string): Uint8Array {
  const parts = text.match(/'[^']*'|[0-9a-f]{2}/g) ?? []
  return concat(
    ...parts.map(part =>
      part.startsWith("'") ? new TextEncoder().encode(part.slice(1, -1)) : Uint8Array.of(Number.parseInt(part, 16)),
    ),
  )
}

/** One after the other. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** A number as a varint. */
export function varint(value: number): Uint8Array {
  const target = new Uint8Array(10)
  return target.slice(0, putVarint(target, 0, value))
}

/** An entry of a block. */
export function entry(shared: number, unshared: Uint8Array, value: Uint8Array): Uint8Array {
  return concat(varint(shared), varint(unshared.length), varint(value.length), unshared, value)
}

/** A block of these entries with these restart points. */
export function block(entries: readonly Uint8Array[], restarts: readonly number[] = [0]): Uint8Array {
  const array = new Uint8Array(4 * restarts.length + 4)
  for (const [i, restart] of [...restarts, restarts.length].entries()) putFixed32(array, 4 * i, restart)
  return concat(...entries, array)
}

/** A block's contents as they are stored: with type and checksum. */
export function sealed(contents: Uint8Array, type = 0): Uint8Array {
  const stored = concat(contents, Uint8Array.of(type), new Uint8Array(4))
  putFixed32(stored, contents.length + 1, maskCrc(crc32c(stored, 0, contents.length + 1)))
  return stored
}

/** A handle's bytes. */
export function handle(offset: number, size: number): Uint8Array {
  return concat(varint(offset), varint(size))
}

/** A footer that names these handles. */
export function footer(metaindex: Uint8Array, index: Uint8Array): Uint8Array {
  const handles = concat(metaindex, index)
  return concat(handles, new Uint8Array(40 - handles.length), bytes('57 fb 80 8b 24 75 47 db'))
}

/** A table of one data block, given as it is to be stored, under a separator. */
export function tableOfBlock(contents: Uint8Array, separator: Uint8Array, type = 0): Uint8Array {
  const data = sealed(contents, type)
  const metaindex = sealed(block([]))
  const index = block([entry(0, separator, handle(0, contents.length))])
  return concat(
    data,
    metaindex,
    sealed(index),
    footer(handle(data.length, metaindex.length - 5), handle(data.length + metaindex.length, index.length)),
  )
}

/** Whether two lists hold the same entries. Says less than `toEqual`, and says it a thousand times faster. */
export function sameEntries(a: readonly Entry[], b: readonly Entry[]): boolean {
  return (
    a.length === b.length && a.every((entry, i) => sameBytes(entry.key, b[i].key) && sameBytes(entry.value, b[i].value))
  )
}

/** Whether two arrays hold the same bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return equalBytes(a, 0, a.length, b, 0, b.length)
}
