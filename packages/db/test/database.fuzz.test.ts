/**
 * Batches and whole directories of any bytes behind right checksums: opening, reading, verifying and repairing them ends,
 * and nothing but an `LsmError` comes out.
 */
import { fileURLToPath } from 'node:url'

import { crc32c, LsmError, maskCrc, putFixed32 } from '@lsm/base'
import { MemoryFileSystem } from '@lsm/fs/memory'
import { MemTable } from '@lsm/memtable'
import { BlockCache, CodecRegistry, DEFAULT_CODECS, tableParts, TableReader } from '@lsm/sstable'
import { fuzz, type Random } from '@lsm/testkit'
import { expect, test } from 'vitest'

import { Database } from '../src/database.ts'
import { checkBatch, insertBatch, WriteBatch } from '../src/write-batch.ts'
import { fileSystemOf, filesOf, withFile, type Files } from './damage.ts'

const OPTIONS = {
  writeBufferSize: 16 * 1024,
  blockSize: 256,
  workers: 0,
  filter: 'both',
  maxBlockSize: 1 << 20,
} as const
const READ = { maxBlockSize: 1 << 20, verifyChecksums: true, codecs: new CodecRegistry(DEFAULT_CODECS), filters: [] }

const corpus = (name: string): string => fileURLToPath(new URL(`../testdata/corpus/${name}`, import.meta.url))
const accepts = (error: unknown): boolean => error instanceof LsmError

test('a batch of any bytes is refused, or holds what it says', async () => {
  const batch = new WriteBatch()
  batch.put('key', 'value')
  batch.del('another key')
  batch.put('', 'x'.repeat(300))
  batch.number(77)
  const run = (bytes: Uint8Array): string => {
    const { sequence, count, userBytes } = checkBatch(bytes, 0, bytes.length, '000003.log', 0)
    const memtable = MemTable.create(Math.max(4096, MemTable.capacityFor(userBytes, count)))
    insertBatch(bytes, 0, sequence, count, memtable)
    expect(memtable.entries).toBe(count)
    return `${Math.min(count, 5)} operations`
  }
  await fuzz({ corpus: corpus('batch'), seeds: [batch.bytes.slice(0, batch.length)], run, accepts })
})

/** A small database of every kind of file; what follows are its bytes, one file behind the other. */
async function smallDatabase(): Promise<Files> {
  const fileSystem = new MemoryFileSystem()
  const db = await Database.open('/db', { ...OPTIONS, fileSystem })
  for (let i = 0; i < 30; i++) await db.put(`key ${i}`, `old value ${i}`)
  await db.compactRange()
  for (let i = 10; i < 20; i++) await db.put(`key ${i}`, `newer value ${i}`)
  await db.del('key 3')
  await db.flush()
  for (let i = 15; i < 25; i++) await db.put(`key ${i}`, `in the log ${i}`)
  await db.close()
  return filesOf(fileSystem, '/db')
}

/** Where in a table its blocks lie: `[begin, place of the type byte)`. */
async function blocksOf(files: Files, name: string): Promise<[number, number][]> {
  const directory = await (await fileSystemOf(files)).openDirectory('/db', false)
  const { length } = files.get(name)!
  const parts = await tableParts(await directory.openFile(name), length, READ)
  const blocks = parts.filter(part => part.name !== 'footer')
  const ranges = blocks.map(({ offset, bytes }): [number, number] => [offset, offset + bytes - 5])
  const reader = await TableReader.open(await directory.openFile(name), length, { ...READ, cache: new BlockCache(0) })
  for (let i = 0; i < reader.blocks; i++) {
    const { offset, size } = reader.handle(i)
    ranges.push([offset, offset + size])
  }
  reader.release()
  return ranges
}

test('a directory of any bytes is read, verified and repaired, or refused', async () => {
  const whole = await smallDatabase()
  const names = [...whole.keys()]
  const blocks = new Map<string, [number, number][]>()
  for (const name of names.filter(other => other.endsWith('.ldb'))) blocks.set(name, await blocksOf(whole, name))
  const split = (bytes: Uint8Array): Map<string, Uint8Array> => {
    const files = new Map<string, Uint8Array>()
    let at = 0
    for (const name of names) files.set(name, bytes.slice(at, (at += whole.get(name)!.length)))
    return files
  }
  const reseal = (bytes: Uint8Array): Uint8Array => {
    const files = split(bytes)
    for (const [name, file] of files) {
      for (const [start, end] of blocks.get(name) ?? []) putFixed32(file, end + 1, checksum(file, start, end + 1))
      if (/^MANIFEST|\.log$/.test(name)) resealLog(file)
      if (name === 'LSM-STATE') resealState(file)
    }
    return Uint8Array.from(Buffer.concat([...files.values()]))
  }
  const run = async (bytes: Uint8Array, random: Random): Promise<string> => {
    const files = split(bytes)
    if (random.oneIn(2)) files.delete('LSM-STATE')
    if (random.oneIn(4)) {
      const name = random.pick(names)
      files.set(name, (files.get(name) ?? new Uint8Array(0)).subarray(0, random.below(100)))
    }
    return exercise(files)
  }
  const seed = Uint8Array.from(Buffer.concat([...whole.values()]))
  await fuzz({ corpus: corpus('directory'), seeds: [seed], keepLength: true, reseal, run, accepts })
})

test('a note of an orderly close of any bytes is believed or not, and changes nothing of what is read', async () => {
  const whole = await smallDatabase()
  const state = whole.get('LSM-STATE')!
  const contents = await contentsOf(whole)
  const run = async (bytes: Uint8Array): Promise<string> => {
    expect(await contentsOf(withFile(whole, 'LSM-STATE', bytes))).toEqual(contents)
    return 'opened'
  }
  const reseal = (bytes: Uint8Array): Uint8Array => {
    const sealed = bytes.indexOf(10) < 0 ? Uint8Array.from([...bytes, ...Buffer.from('\n00000000\n')]) : bytes
    resealState(sealed)
    return sealed
  }
  await fuzz({ corpus: corpus('state'), seeds: [state], reseal, run, accepts })
})

async function contentsOf(files: Files): Promise<[string, string][]> {
  await using db = await Database.open('/db', { ...OPTIONS, fileSystem: await fileSystemOf(files) })
  return await db.iterator().all()
}

/** Does with a directory whatever can be done with one; in a word, how each of it went. */
async function exercise(files: Files): Promise<string> {
  const steps = {
    verify: async () =>
      (await Database.verify('/db', { fileSystem: await fileSystemOf(files), maxBlockSize: 1 << 20 })).ok,
    repair: async () => {
      const fileSystem = await fileSystemOf(files)
      const { complete } = await Database.repair('/db', { fileSystem, maxBlockSize: 1 << 20 })
      expect((await Database.verify('/db.repaired', { fileSystem })).problems).toEqual([])
      return complete
    },
    open: async () => {
      await using db = await Database.open('/db', { ...OPTIONS, fileSystem: await fileSystemOf(files) })
      await db.get('key 12')
      return (await db.iterator({ reverse: true }).all()).length > 0
    },
  }
  const words: string[] = []
  for (const [name, step] of Object.entries(steps)) {
    try {
      words.push(`${name} ${await step()}`)
    } catch (error) {
      if (!accepts(error)) throw new Error(`${name}: ${String(error)}`, { cause: error })
      words.push(`${name} ${(error as LsmError).code}`)
    }
  }
  return words.join()
}

function checksum(bytes: Uint8Array, start: number, end: number): number {
  return maskCrc(crc32c(bytes, start, end))
}

/** Puts the checksum behind the first line right, where there is room for it. */
function resealState(state: Uint8Array): void {
  const end = state.indexOf(10) + 1
  const crc = new TextEncoder().encode(crc32c(state, 0, end).toString(16).padStart(8, '0'))
  if (end > 0) state.set(crc.subarray(0, state.length - end), end)
}

/** Puts the checksums of the fragments in one block of a log right. */
function resealLog(log: Uint8Array): void {
  for (let at = 0; at + 7 <= log.length;) {
    const next = at + 7 + (log[at + 4] | (log[at + 5] << 8))
    if (next > log.length) return
    putFixed32(log, at, checksum(log, at + 6, next))
    at = next
  }
}
