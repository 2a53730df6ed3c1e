/**
 * Manifests of any bytes behind right checksums: refused by an `LsmError`, or read into a version that fits together.
 */
import { fileURLToPath } from 'node:url'

import { compareInternalKeys, internalKey, LsmError, type Directory } from '@lsm/base'
import { MemoryFileSystem } from '@lsm/fs/memory'
import { fuzz } from '@lsm/testkit'
import { LogWriter } from '@lsm/wal'
import { expect, test } from 'vitest'

import { VersionEdit } from '../src/version-edit.ts'
import { VersionSet } from '../src/version-set.ts'

const corpus = fileURLToPath(new URL('../testdata/corpus/manifest', import.meta.url))

/**
 * An input is a sequence of records, each behind two bytes that say how long it is: a mutation changes records, and not
 * their checksums.
 */
function* recordsOf(input: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at + 2 <= input.length;) {
    const next = at + 2 + input[at] + 256 * input[at + 1]
    yield input.slice(at + 2, next)
    at = next
  }
}

function inputOf(edits: readonly VersionEdit[]): Uint8Array {
  const records = edits.map(made => made.encode())
  return Uint8Array.from(records.flatMap(record => [record.length & 255, record.length >> 8, ...record]))
}

function edit(
  fields: Partial<VersionEdit>,
  added: readonly [level: number, number: number, from: string, to: string][] = [],
): VersionEdit {
  const made = Object.assign(new VersionEdit(), fields)
  for (const [level, number, from, to] of added) {
    const [smallest, largest] = [key(from, 9), key(to, 3)]
    made.added.push({ level, file: { number, size: 1000 + number, smallest, largest } })
  }
  return made
}

function key(text: string, sequence: number): Uint8Array {
  return internalKey(new TextEncoder().encode(text), sequence, 1)
}

async function directoryOf(input: Uint8Array): Promise<Directory> {
  const directory = await new MemoryFileSystem().openDirectory('/db', true)
  const writer = new LogWriter(await directory.createFile('MANIFEST-000005'))
  for (const record of recordsOf(input)) writer.append(record, 0, record.length)
  await writer.close()
  await directory.replaceFile('CURRENT', new TextEncoder().encode('MANIFEST-000005\n'))
  return directory
}

async function recover(input: Uint8Array): Promise<string> {
  const directory = await directoryOf(input)
  const versions = await VersionSet.recover(directory)
  for (const [level, files] of versions.current.levels.entries()) {
    for (let i = 1; i < files.length; i++) {
      const before =
        level === 0 ? files[i].number < files[i - 1].number : isBefore(files[i - 1].largest, files[i].smallest)
      expect(before).toBe(true)
    }
  }
  for (const { number } of versions.current.files()) expect(number).toBeLessThanOrEqual(versions.nextFileNumber)
  await versions.startManifest()
  await versions.close()
  const again = await VersionSet.recover(directory)
  expect(again.current.levels).toEqual(versions.current.levels)
  expect(again.lastSequence).toBe(versions.lastSequence)
  return `tables on ${versions.current.levels.map(({ length }) => Math.min(length, 2)).join()}`
}

function isBefore(a: Uint8Array, b: Uint8Array): boolean {
  return compareInternalKeys(a, 0, a.length, b, 0, b.length) < 0
}

test('a manifest of any records is refused, or leads to a version that fits together', async () => {
  const first = edit({ comparator: 'leveldb.BytewiseComparator', logNumber: 3, nextFileNumber: 20, lastSequence: 99 }, [
    [1, 7, 'a', 'c'],
    [1, 8, 'd', 'f'],
    [2, 9, 'a', 'z'],
  ])
  const second = edit({ logNumber: 12, prevLogNumber: 0 }, [
    [0, 13, 'b', 'x'],
    [0, 14, 'a', 'a'],
  ])
  second.removed.push({ level: 1, number: 8 })
  second.compactPointers.push({ level: 1, key: key('e', 5) })
  const { cases } = await fuzz({
    corpus,
    seeds: [inputOf([first]), inputOf([first, second])],
    run: recover,
    accepts: error => error instanceof LsmError,
  })
  expect(cases).toBeGreaterThan(0)
})
