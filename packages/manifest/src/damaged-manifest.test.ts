import { Random, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { newDirectory, textOf, write, writeManifest } from '../test/manifests.ts'
import { edit, shape, table } from '../test/tables.ts'
import { VersionEdit } from './version-edit.ts'
import { VersionSet } from './version-set.ts'

describe('a manifest that is damaged', () => {
  test('by being cut anywhere is as before the cut record, or refused if nothing is left', async () => {
    const directory = await newDirectory()
    const set = await VersionSet.create(directory)
    const states = [{ bytes: set.manifestBytes, shape: '' }]
    for (let number = 5; number < 12; number++) {
      await set.apply(edit(0, [table(number, 'a', 'b')]))
      states.push({ bytes: set.manifestBytes, shape: shape(set.current) })
    }
    await set.close()
    const whole = await textOf(directory, 'MANIFEST-000001')
    for (let length = 0; length < whole.length; length++) {
      await write(directory, 'MANIFEST-000001', whole.slice(0, length))
      const before = states.findLast(({ bytes }) => bytes <= length)
      if (before === undefined) {
        await expect(VersionSet.recover(directory)).rejects.toMatchObject({ code: 'LSM_CORRUPTION' })
        continue
      }
      const again = await VersionSet.recover(directory)
      expect(shape(again.current)).toBe(before.shape)
      const lost = { file: 'MANIFEST-000001', offset: before.bytes, bytes: length - before.bytes, tail: true }
      expect(again.recovered.dropped).toMatchObject(lost.bytes === 0 ? [] : [lost])
    }
  })

  test('by any flipped bit is refused, but for the last record, which counts as torn', async () => {
    const directory = await newDirectory()
    const set = await VersionSet.create(directory)
    await set.apply(edit(0, [table(5, 'a', 'b')]))
    const last = set.manifestBytes
    await set.apply(edit(0, [table(6, 'a', 'b')]))
    await set.close()
    const whole = await textOf(directory, 'MANIFEST-000001')
    for (let at = 0; at < whole.length; at++) {
      const flipped = String.fromCharCode(whole.charCodeAt(at) ^ (1 << (at % 8)))
      await write(directory, 'MANIFEST-000001', whole.slice(0, at) + flipped + whole.slice(at + 1))
      const recovered = VersionSet.recover(directory)
      if (at < last) await expect(recovered, `byte ${at}`).rejects.toMatchObject({ code: 'LSM_CORRUPTION' })
      else expect(shape((await recovered).current)).toBe('0:5')
    }
  })

  test('in its last record, with an older manifest showing behind it, is torn; with an edit of its own, refused', async () => {
    const directory = await newDirectory()
    const set = await VersionSet.create(directory)
    await set.apply(edit(0, [table(5, 'a', 'b')]))
    const older = await textOf(directory, 'MANIFEST-000001')
    await set.startManifest()
    await set.apply(edit(0, [table(8, 'a', 'b')]))
    await set.close()
    const manifest = `MANIFEST-${String(set.manifestNumber).padStart(6, '0')}`
    const whole = await textOf(directory, manifest)
    const torn = whole.slice(0, -20)
    await write(directory, manifest, torn + older)
    const recovered = await VersionSet.recover(directory)
    expect(shape(recovered.current)).toBe('0:5')
    expect(recovered.recovered.dropped).toMatchObject([{ tail: true }])
    await write(directory, manifest, torn + whole)
    await expect(VersionSet.recover(directory)).rejects.toMatchObject({ code: 'LSM_CORRUPTION' })
  })

  test('in its last record, with a record of an older manifest showing in its place, is torn', async () => {
    const directory = await newDirectory()
    const set = await VersionSet.create(directory)
    const begun = (await textOf(directory, 'MANIFEST-000001')).length
    await set.apply(edit(0, [table(5, 'a', 'b')]))
    const stale = (await textOf(directory, 'MANIFEST-000001')).slice(begun)
    await set.startManifest()
    const manifest = `MANIFEST-${String(set.manifestNumber).padStart(6, '0')}`
    await write(directory, manifest, (await textOf(directory, manifest)) + stale)
    const { current, recovered } = await VersionSet.recover(directory)
    expect(shape(current)).toBe('0:5')
    expect(recovered).toMatchObject({ edits: 1, dropped: [{ tail: true, reason: expect.stringContaining('earlier') }] })
    await set.close()
  })

  test('by zeros at its end is whole', async () => {
    const directory = await newDirectory()
    const set = await VersionSet.create(directory)
    await set.apply(edit(0, [table(5, 'a', 'b')]))
    await set.close()
    await write(directory, 'MANIFEST-000001', (await textOf(directory, 'MANIFEST-000001')) + '\0'.repeat(70_000))
    const again = await VersionSet.recover(directory)
    expect(shape(again.current)).toBe('0:5')
    expect(again.recovered).toMatchObject({ zeros: 70_000, dropped: [] })
  })

  for (const lacking of ['logNumber', 'nextFileNumber', 'lastSequence'] as const) {
    test(`by lacking a ${lacking} is refused`, async () => {
      const directory = await newDirectory()
      const change = Object.assign(new VersionEdit(), { logNumber: 1, nextFileNumber: 2, lastSequence: 3 })
      change[lacking] = undefined as never
      await writeManifest(directory, 1, [change])
      await expect(VersionSet.recover(directory)).rejects.toMatchObject({ code: 'LSM_CORRUPTION' })
    })
  }

  test('or only under another order of keys is refused by name', async () => {
    const directory = await newDirectory()
    const other = Object.assign(new VersionEdit(), { comparator: 'idb_cmp1' })
    await writeManifest(directory, 1, [other, edit(1, [table(1, 'z', 'a')])])
    await expect(VersionSet.recover(directory)).rejects.toMatchObject({
      code: 'LSM_NOT_SUPPORTED',
      message: expect.stringContaining('idb_cmp1'),
    })
  })

  test('at random gives a version or an LsmError', async () => {
    const random = new Random(testSeed(6))
    const directory = await newDirectory()
    for (let round = 0; round < 300; round++) {
      const edits: VersionEdit[] = [
        Object.assign(new VersionEdit(), { logNumber: 1, nextFileNumber: 90, lastSequence: 3 }),
      ]
      for (let i = 0; i < 6; i++) {
        const record = edit(random.below(3), [
          table(random.between(1, 5), random.pick(['a', 'b', 'c']), random.pick(['c', 'd'])),
        ])
        if (random.oneIn(2)) record.removed.push({ level: random.below(3), number: random.between(1, 5) })
        edits.push(record)
      }
      await writeManifest(directory, 1, edits)
      try {
        const { current } = await VersionSet.recover(directory)
        expect(current.levels).toHaveLength(7)
      } catch (error) {
        expect(error, `seed ${random.seed}, round ${round}`).toMatchObject({ code: 'LSM_CORRUPTION' })
      }
    }
  })
})
