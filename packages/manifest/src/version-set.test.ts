import { Random, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { FailingDirectory } from '../test/failing-directory.ts'
import { newDirectory, textOf, write, writeManifest } from '../test/manifests.ts'
import { edit, key, shape, table } from '../test/tables.ts'
import { CURRENT, manifestFileName } from './file-names.ts'
import { VersionEdit } from './version-edit.ts'
import { VersionSet } from './version-set.ts'

describe('a new database', () => {
  test('has a manifest that LevelDB reads, made in the durable order', async () => {
    const directory = new FailingDirectory(await newDirectory())
    const set = await VersionSet.create(directory)
    expect(directory.changes).toEqual([
      'create MANIFEST-000001',
      'append MANIFEST-000001',
      'sync MANIFEST-000001',
      'sync directory',
      'replace CURRENT',
    ])
    await set.close()
    expect(await textOf(directory, CURRENT)).toBe('MANIFEST-000001\n')
    const manifest = await textOf(directory, 'MANIFEST-000001')
    expect(manifest.slice(7)).toBe('\x01\x1aleveldb.BytewiseComparator\x02\x00\x09\x00\x03\x02\x04\x00')
  })

  test('takes changes at once', async () => {
    const directory = await newDirectory()
    const set = await VersionSet.create(directory)
    expect([set.newFileNumber(), set.newFileNumber()]).toEqual([2, 3])
    await set.apply(edit(0, [table(2, 'a', 'b')]))
    await set.close()
    const again = await VersionSet.recover(directory)
    expect(shape(again.current)).toBe('0:2')
    expect(again.nextFileNumber).toBe(4)
  })

  test('is not made where one is, or where its remains are', async () => {
    const directory = await newDirectory()
    await (await VersionSet.create(directory)).close()
    await expect(VersionSet.create(directory)).rejects.toMatchObject({ code: 'LSM_EXISTS' })
    await directory.removeFile(CURRENT)
    await write(directory, '000005.ldb', 'a table')
    await expect(VersionSet.create(directory)).rejects.toMatchObject({ code: 'LSM_CORRUPTION' })
  })

  test('is not there, or whole, or can be made again, whichever change fails', async () => {
    for (let failAt = 0; failAt < 5; failAt++) {
      const inner = await newDirectory()
      const directory = new FailingDirectory(inner)
      directory.failAt = failAt
      await expect(VersionSet.create(directory)).rejects.toBe(directory.failure)
      await expect(VersionSet.recover(inner)).rejects.toMatchObject({ code: 'LSM_NOT_FOUND' })
      const set = await VersionSet.create(inner)
      await set.close()
      expect(shape((await VersionSet.recover(inner)).current)).toBe('')
    }
  })
})

describe('CURRENT', () => {
  for (const [what, contents] of [
    ['empty', ''],
    ['without newline', 'MANIFEST-000001'],
    ['with CRLF', 'MANIFEST-000001\r\n'],
    ['with two lines', 'MANIFEST-000001\n\n'],
    ['with a space', ' MANIFEST-000001\n'],
    ['torn', 'MANIFEST-'],
    ['zeros', '\0'.repeat(16)],
    ['without number', 'MANIFEST-\n'],
    ['with a number that is none', 'MANIFEST-00000a\n'],
    ['with a path', '../MANIFEST-000001\n'],
    ['with 21 digits', `MANIFEST-${'0'.repeat(20)}1\n`],
    ['with a number above 2^53 - 1', 'MANIFEST-9007199254740992\n'],
    ['very long', 'MANIFEST-000001\n'.repeat(10_000)],
    ['of a manifest that is missing', 'MANIFEST-000002\n'],
  ] as const) {
    test(`${what} is refused`, async () => {
      const directory = await newDirectory()
      await (await VersionSet.create(directory)).close()
      await write(directory, CURRENT, contents)
      await expect(VersionSet.recover(directory)).rejects.toMatchObject({ code: 'LSM_CORRUPTION' })
    })
  }

  test('may name a manifest with few or many digits', async () => {
    for (const digits of ['5', '0', '00000000000000000005']) {
      const directory = await newDirectory()
      await (await VersionSet.create(directory)).close()
      await write(directory, `MANIFEST-${digits}`, await textOf(directory, 'MANIFEST-000001'))
      await write(directory, CURRENT, `MANIFEST-${digits}\n`)
      const set = await VersionSet.recover(directory)
      expect(set.manifestNumber).toBe(Number(digits))
      expect(set.nextFileNumber).toBe(Math.max(2, Number(digits) + 1))
    }
  })

  for (const [name, size, code] of [
    [undefined, 0, 'LSM_NOT_FOUND'],
    ['notes.txt', 9, 'LSM_NOT_FOUND'],
    ['LOCK', 0, 'LSM_NOT_FOUND'],
    ['LOG', 500, 'LSM_NOT_FOUND'],
    ['000004.dbtmp', 16, 'LSM_NOT_FOUND'],
    ['MANIFEST-000001', 0, 'LSM_NOT_FOUND'],
    ['MANIFEST-000001', 43, 'LSM_NOT_FOUND'],
    ['MANIFEST-000001', 65, 'LSM_CORRUPTION'],
    ['MANIFEST-000002', 0, 'LSM_CORRUPTION'],
    ['000003.log', 0, 'LSM_CORRUPTION'],
    ['000005.ldb', 0, 'LSM_CORRUPTION'],
    ['000005.sst', 200, 'LSM_CORRUPTION'],
  ] as const) {
    test(`missing, beside ${name ?? 'nothing'} of ${size} bytes: ${code}`, async () => {
      const directory = await newDirectory()
      if (name !== undefined) await write(directory, name, 'x'.repeat(size))
      await expect(VersionSet.recover(directory)).rejects.toMatchObject({ code })
    })
  }
})

describe('changes', () => {
  test('survive: version, numbers, pointers', async () => {
    const directory = await newDirectory()
    const set = await VersionSet.create(directory)
    set.lastSequence = 77
    const change = edit(1, [table(set.newFileNumber(), 'a', 'c'), table(set.newFileNumber(), 'e', 'g')])
    change.compactPointers.push({ level: 1, key: key('c') }, { level: 3, key: key('x') })
    change.logNumber = 5
    await set.apply(change)
    await set.apply(edit(0, [table(9, 'b', 'f')], [[1, 2]]))
    await set.close()
    for (let round = 0; round < 3; round++) {
      const again = await VersionSet.recover(directory)
      expect(shape(again.current)).toBe('0:9 1:3')
      expect(again).toMatchObject({ logNumber: 5, prevLogNumber: 0, lastSequence: 77 })
      expect(again.compactPointers).toEqual([undefined, key('c'), undefined, key('x'), undefined, undefined, undefined])
      expect(again.nextFileNumber).toBe(10 + round)
      expect(again.recovered).toMatchObject({ edits: round === 0 ? 3 : 1, zeros: 0, begunHere: true, dropped: [] })
      await again.startManifest()
      expect(again.manifestNumber).toBe(10 + round)
      await again.close()
    }
  })

  test('need a manifest that this set began', async () => {
    const directory = await newDirectory()
    await (await VersionSet.create(directory)).close()
    const before = await textOf(directory, 'MANIFEST-000001')
    const set = await VersionSet.recover(directory)
    await expect(set.apply(edit(0, [table(5, 'a', 'b')]))).rejects.toMatchObject({ code: 'LSM_READ_ONLY' })
    expect(await textOf(directory, 'MANIFEST-000001')).toBe(before)
    await set.startManifest(edit(0, [table(5, 'a', 'b')]))
    await set.apply(edit(0, [table(6, 'a', 'b')]))
    expect(set.manifestBytes).toBe((await textOf(directory, manifestFileName(set.manifestNumber))).length)
    await set.close()
    expect(shape((await VersionSet.recover(directory)).current)).toBe('0:6,5')
  })

  test('that do not fit are refused, and others go on', async () => {
    const directory = await newDirectory()
    const set = await VersionSet.create(directory)
    await set.apply(edit(1, [table(5, 'a', 'm')]))
    const before = await textOf(directory, 'MANIFEST-000001')
    await expect(set.apply(edit(1, [table(6, 'k', 'z')]))).rejects.toMatchObject({ code: 'LSM_CORRUPTION' })
    expect(await textOf(directory, 'MANIFEST-000001')).toBe(before)
    await set.apply(edit(1, [table(6, 'n', 'z')]))
    expect(shape(set.current)).toBe('1:5,6')
  })

  test('that fail to be written or synced change nothing here', async () => {
    for (const step of [0, 1]) {
      const directory = new FailingDirectory(await newDirectory())
      const set = await VersionSet.create(directory)
      await set.apply(edit(1, [table(5, 'a', 'm')]))
      directory.failAt = directory.changes.length + step
      await expect(set.apply(edit(1, [table(6, 'n', 'z')]))).rejects.toBe(directory.failure)
      expect(shape(set.current)).toBe('1:5')
    }
  })

  test('asked for at once are made in order', async () => {
    const directory = await newDirectory()
    const set = await VersionSet.create(directory)
    const changes = Array.from({ length: 50 }, (_, i) =>
      edit(1, [table(i + 10, 'a', 'z')], i === 0 ? [] : [[1, i + 9]]),
    )
    await Promise.all([...changes.map(change => set.apply(change)), set.startManifest()])
    expect(shape(set.current)).toBe('1:59')
    await set.close()
    expect(shape((await VersionSet.recover(directory)).current)).toBe('1:59')
  })

  test('by the thousand are read in one go', async () => {
    const directory = await newDirectory()
    const set = await VersionSet.create(directory)
    const random = new Random(testSeed(5))
    const live = new Map<number, number>()
    for (let i = 0; i < 2000; i++) {
      const number = set.newFileNumber()
      const level = random.below(7)
      const name = String(number).padStart(6, '0')
      const change = edit(level, [table(number, name, `${name}x`)])
      const [oldest] = live
      if (oldest !== undefined && random.oneIn(2)) change.removed.push({ number: oldest[0], level: oldest[1] })
      if (change.removed.length > 0) live.delete(oldest[0])
      live.set(number, level)
      await set.apply(change)
    }
    await set.close()
    const again = await VersionSet.recover(directory)
    expect(again.recovered.edits).toBe(2001)
    expect(again.current.levels).toEqual(set.current.levels)
    expect(again.liveTables()).toEqual(new Set(live.keys()))
  })

  test('are refused after close', async () => {
    const set = await VersionSet.create(await newDirectory())
    const pending = set.apply(edit(0, [table(5, 'a', 'b')]))
    await Promise.all([set.close(), set.close(), expect(pending).rejects.toMatchObject({ code: 'LSM_CLOSED' })])
    await expect(set.startManifest()).rejects.toMatchObject({ code: 'LSM_CLOSED' })
  })
})

describe('numbers', () => {
  for (const [what, manifest, tableNumber, logNumber, prevLogNumber] of [
    ['manifest', 60, 40, 50, 0],
    ['table', 30, 60, 50, 0],
    ['log', 30, 40, 60, 0],
    ['previous log', 30, 40, 50, 60],
  ] as const) {
    test(`in use are not given out again, whatever the manifest says: a ${what}'s`, async () => {
      const directory = await newDirectory()
      const change = edit(0, [table(tableNumber, 'a', 'b')])
      Object.assign(change, { logNumber, prevLogNumber, nextFileNumber: 3, lastSequence: 0 })
      await writeManifest(directory, manifest, [change])
      expect((await VersionSet.recover(directory)).nextFileNumber).toBe(61)
    })
  }

  test('used by a change are not given out', async () => {
    const set = await VersionSet.create(await newDirectory())
    set.markFileNumberUsed(20)
    expect(set.newFileNumber()).toBe(21)
    const change = edit(0, [table(30, 'a', 'b')])
    change.logNumber = 33
    await set.apply(change)
    expect(set.newFileNumber()).toBe(34)
  })

  test('end at 2^53 - 1', async () => {
    const directory = await newDirectory()
    const change = new VersionEdit()
    Object.assign(change, { logNumber: 0, nextFileNumber: Number.MAX_SAFE_INTEGER, lastSequence: 0 })
    await writeManifest(directory, 1, [change])
    const set = await VersionSet.recover(directory)
    expect(() => set.newFileNumber()).toThrow(expect.objectContaining({ code: 'LSM_LIMIT' }))
    await expect(set.startManifest()).rejects.toMatchObject({ code: 'LSM_LIMIT' })
  })

  test('of sequence only grow', async () => {
    const set = await VersionSet.create(await newDirectory())
    set.lastSequence = 10
    set.lastSequence = 10
    expect(() => (set.lastSequence = 9)).toThrow(TypeError)
    expect(set.lastSequence).toBe(10)
  })
})

describe('tables in use', () => {
  test('are those of the current version and of pinned ones', async () => {
    const set = await VersionSet.create(await newDirectory())
    await set.apply(edit(1, [table(5, 'a', 'b')]))
    const old = set.current
    old.pin()
    old.pin()
    await set.apply(edit(2, [table(6, 'a', 'b')], [[1, 5]]))
    expect(set.liveTables()).toEqual(new Set([5, 6]))
    old.unpin()
    expect(set.liveTables()).toEqual(new Set([5, 6]))
    old.unpin()
    expect(set.liveTables()).toEqual(new Set([6]))
  })
})

describe('a failure', () => {
  for (const failing of ['append', 'sync'] as const) {
    test(`of ${failing} leaves the old version, for good`, async () => {
      const inner = await newDirectory()
      const directory = new FailingDirectory(inner)
      const set = await VersionSet.create(directory)
      await set.apply(edit(0, [table(5, 'a', 'b')]))
      directory.failAt = directory.changes.length + (failing === 'append' ? 0 : 1)
      const failed = edit(0, [table(6, 'a', 'b')])
      failed.logNumber = 4
      const attempts = [set.apply(failed), set.apply(edit(0, [table(7, 'a', 'b')])), set.startManifest()]
      await expect(attempts[0]).rejects.toBe(directory.failure)
      const refused = { code: 'LSM_READ_ONLY', cause: directory.failure }
      await expect(attempts[1]).rejects.toMatchObject(refused)
      await expect(attempts[2]).rejects.toMatchObject(refused)
      await expect(set.apply(new VersionEdit())).rejects.toMatchObject(refused)
      expect(shape(set.current)).toBe('0:5')
      expect(set.logNumber).toBe(0)
      expect(directory.changes).toHaveLength(directory.failAt + 1)
      await set.close()
      expect(shape((await VersionSet.recover(inner)).current)).toBe(failing === 'append' ? '0:5' : '0:6,5')
    })
  }

  test('of any change on the way to a new manifest leaves the old one live', async () => {
    for (let step = 0; step < 5; step++) {
      const inner = await newDirectory()
      await (await VersionSet.create(inner)).close()
      const directory = new FailingDirectory(inner)
      const set = await VersionSet.recover(directory)
      directory.failAt = step
      await expect(set.startManifest(edit(0, [table(5, 'a', 'b')]))).rejects.toBe(directory.failure)
      await expect(set.startManifest()).rejects.toMatchObject({ code: 'LSM_READ_ONLY' })
      expect(set.manifestNumber).toBe(1)
      expect(shape(set.current)).toBe('')
      await set.close()
      expect(await textOf(inner, CURRENT)).toBe('MANIFEST-000001\n')
    }
  })
})
