/**
 * Tables to compact, written out in words, and the tables that come out.
 */
import {
  compareInternalKeys,
  EMPTY,
  internalKey,
  ReadContext,
  TAG_SIZE,
  tagSequence,
  tagType,
  TYPE_DELETION,
  TYPE_VALUE,
  VALID,
  type Directory,
} from '@lsm/base'
import type { CompactionJob, FlushJob, LevelInput, OutputTable, TableComponents, TableSettings } from '@lsm/compaction'
import { tableFileName } from '@lsm/manifest'
import { MemTable } from '@lsm/memtable'
import { BlockCache, blockedBloomFilter, CodecRegistry, DEFAULT_CODECS, TableBuilder, TableReader } from '@lsm/sstable'
import type { Entry } from '@lsm/testkit'

const filter = blockedBloomFilter(10)

export const components: TableComponents = { codecs: new CodecRegistry(DEFAULT_CODECS), filters: [filter] }

export const settings: TableSettings = {
  blockSize: 256,
  blockRestartInterval: 4,
  compression: 'snappy',
  filters: [filter.metaName],
  creator: 'test',
}

/** A compaction of these inputs, with room for everything. */
export function compactionOf(inputs: readonly LevelInput[], changes: Partial<CompactionJob> = {}): CompactionJob {
  return {
    kind: 'compaction',
    inputs,
    outputLevel: 1,
    older: [],
    grandparents: [],
    maxTableSize: 1 << 20,
    maxGrandparentOverlap: 1 << 20,
    fileNumbers: [100, 101, 102, 103, 104],
    readers: [1_000_000],
    createdAt: 77,
    table: settings,
    verifyChecksums: true,
    maxBlockSize: 1 << 24,
    verifyOutput: true,
    ...changes,
  }
}

/** A flush of these entries. */
export function flushOf(entries: readonly Entry[], changes: Partial<FlushJob> = {}): FlushJob {
  const memtable = MemTable.create(1 << 20)
  for (const { key, value } of entries.toReversed()) {
    const bytes = new Uint8Array(key.length - TAG_SIZE + value.length)
    bytes.set(key.subarray(0, key.length - TAG_SIZE))
    bytes.set(value, key.length - TAG_SIZE)
    const sequence = tagSequence(key, key.length)
    memtable.add(
      sequence,
      tagType(key, key.length),
      bytes,
      0,
      key.length - TAG_SIZE,
      key.length - TAG_SIZE,
      bytes.length,
    )
  }
  memtable.freeze()
  return {
    kind: 'flush',
    memtable: memtable.share(),
    fileNumber: 100,
    readers: [1_000_000],
    createdAt: 77,
    table: settings,
    ...changes,
  }
}

/** Writes entries, which are in order, as a table. */
export async function writeEntries(
  directory: Directory,
  number: number,
  entries: readonly Entry[],
): Promise<OutputTable> {
  const file = await directory.createFile(tableFileName(number))
  const builder = new TableBuilder(file, {
    ...settings,
    codec: components.codecs.byName('snappy'),
    filters: [filter],
    createdAt: 1,
  })
  for (const { key, value } of entries) builder.add(key, 0, key.length, value, 0, value.length)
  const { size, smallest, largest, properties } = builder.finish()
  const { deletions, largestSequence } = properties
  await file.sync()
  await file.close()
  return { number, size, smallest, largest, entries: entries.length, deletions, largestSequence, createdAt: 1 }
}

/** All entries of tables, one behind the other. */
export async function readTables(directory: Directory, tables: readonly OutputTable[]): Promise<Entry[]> {
  const entries: Entry[] = []
  for (const { number, size } of tables) {
    const table = await TableReader.open(await directory.openFile(tableFileName(number)), size, {
      ...components,
      verifyChecksums: true,
      maxBlockSize: 1 << 24,
      cache: new BlockCache(1 << 20),
    })
    for (let i = 0; i < table.blocks; i++) await table.loadPage(i)
    const iterator = table.iterator(new ReadContext())
    for (let move = iterator.seekToFirst(); move === VALID; move = iterator.next()) {
      const { key, keyStart, keyEnd, value, valueStart, valueEnd } = iterator
      entries.push({ key: key.slice(keyStart, keyEnd), value: value.slice(valueStart, valueEnd) })
    }
    table.release()
    await table.closed()
  }
  return entries
}

/** The names of the files in a directory, in order. */
export async function fileNames(directory: Directory): Promise<string[]> {
  return (await directory.list()).map(({ name }) => name).sort()
}

/** All bytes of a file. */
export async function readFile(directory: Directory, name: string): Promise<Uint8Array> {
  const file = await directory.openFile(name)
  const bytes = new Uint8Array(file.size)
  await file.read(0, bytes, 0, bytes.length)
  await file.close()
  return bytes
}

/** `a9=x` is version 9 of key a with the value x; `a9-` is a deletion. In any order. */
export function parseEntries(text: string): Entry[] {
  const encoder = new TextEncoder()
  const entries = text.split(' ').map(word => {
    const [, user, sequence, what] = /^(\D*)(\d+)(.*)$/.exec(word)!
    const type = what === '-' ? TYPE_DELETION : TYPE_VALUE
    return {
      key: internalKey(encoder.encode(user), Number(sequence), type),
      value: type === TYPE_DELETION ? EMPTY : encoder.encode(what.slice(1)),
    }
  })
  return entries.sort((a, b) => compareInternalKeys(a.key, 0, a.key.length, b.key, 0, b.key.length))
}

/** The same text again. */
export function formatEntries(entries: readonly Entry[]): string {
  const decoder = new TextDecoder()
  return entries
    .map(({ key, value }) => {
      const what = tagType(key, key.length) === TYPE_DELETION ? '-' : `=${decoder.decode(value)}`
      return decoder.decode(key.subarray(0, key.length - TAG_SIZE)) + tagSequence(key, key.length) + what
    })
    .join(' ')
}
