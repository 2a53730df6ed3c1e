import { LsmError } from '@lsm/base'
import { Random, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { BrokenFile, contentsOf, hex, logOf, recordOf, texts } from '../test/log-files.ts'
import { BLOCK_SIZE, HEADER_SIZE } from './log-format.ts'
import { LogWriter } from './log-writer.ts'

const PAYLOAD = BLOCK_SIZE - HEADER_SIZE

describe('the bytes', () => {
  test('of a record that LevelDB wrote in 2012', async () => {
    const payload = hex('0100000000000000 01000000 01 03 666f6f 03 6f6e65')
    expect(await logOf([payload])).toEqual(new Uint8Array([...hex('687f5ba2 1500 01'), ...payload]))
  })

  test('of an empty record: one FULL fragment of length 0', async () => {
    const log = await logOf([new Uint8Array(0)])
    expect(log.length).toBe(HEADER_SIZE)
    expect([...log.subarray(4)]).toEqual([0, 0, 1])
  })

  test('of a FIRST of length 0, where exactly a header fits', async () => {
    const log = await logOf([recordOf(PAYLOAD - HEADER_SIZE), recordOf(5)])
    expect(log.subarray(BLOCK_SIZE - HEADER_SIZE, BLOCK_SIZE)).toEqual(hex('6451d0e9 0000 02'))
    expect([...log.subarray(BLOCK_SIZE + 4, BLOCK_SIZE + HEADER_SIZE)]).toEqual([5, 0, 4])
  })

  test('of an empty record where exactly a header fits: FULL, in that room', async () => {
    const log = await logOf([recordOf(PAYLOAD - HEADER_SIZE), new Uint8Array(0)])
    expect(log.length).toBe(BLOCK_SIZE)
    expect(log[BLOCK_SIZE - 1]).toBe(1)
  })

  for (let trailer = 1; trailer < HEADER_SIZE; trailer++) {
    test(`of ${trailer} bytes of padding`, async () => {
      const log = await logOf([recordOf(PAYLOAD - trailer), recordOf(3)])
      expect(log.length).toBe(BLOCK_SIZE + HEADER_SIZE + 3)
      expect([...log.subarray(BLOCK_SIZE - trailer, BLOCK_SIZE)]).toEqual(Array.from({ length: trailer }, () => 0))
      expect((await contentsOf(log)).offsets).toEqual([0, BLOCK_SIZE])
    })
  }
})

describe('what goes in comes out', () => {
  for (let blocks = 0; blocks < 4; blocks++) {
    test(`with sizes around ${blocks} blocks`, async () => {
      for (let size = Math.max(0, blocks * BLOCK_SIZE - 40); size < blocks * BLOCK_SIZE + 20; size++) {
        const records = [recordOf(size), recordOf(0), recordOf(17), recordOf(size, 1)]
        const { records: found, dropped, end } = await contentsOf(await logOf(records))
        expect(found).toEqual(texts(records))
        expect(dropped).toEqual([])
        expect(end).toMatchObject({ records: 4, validEnd: end.bytes, clean: true, zeros: 0 })
      }
    })
  }

  test('with random sizes, starts and ends', async () => {
    const random = new Random(testSeed(1))
    for (let round = 0; round < 20; round++) {
      const records = Array.from({ length: random.between(1, 60) }, (_, i) => recordOf(random.skewed(80_000), i))
      const { records: found, end } = await contentsOf(await logOf(records), {
        chunkSize: random.between(1, 200_000),
      })
      expect(found, `seed ${random.seed}`).toEqual(texts(records))
      expect(end.clean).toBe(true)
    }
  })

  test('with a record that is part of a larger array, and one after it that is small again', async () => {
    const file = new BrokenFile()
    const writer = new LogWriter(file)
    writer.append(recordOf(3 << 20), 5, 2 << 20)
    writer.append(recordOf(100), 90, 100)
    expect(writer.size).toBe(file.size)
    expect(file.appends).toBe(2)
  })
})

describe('after a failure', () => {
  const failure = new LsmError('LSM_IO', 'the disk is gone')

  test('of an append nothing is appended, and what was there can be synced', async () => {
    const file = new BrokenFile()
    const writer = new LogWriter(file)
    writer.append(recordOf(10), 0, 10)
    file.failing = failure
    expect(() => writer.append(recordOf(10), 0, 10)).toThrow(failure)
    file.failing = undefined
    expect(() => writer.append(recordOf(10), 0, 10)).toThrow(
      expect.objectContaining({ code: 'LSM_READ_ONLY', cause: failure }),
    )
    expect(file.appends).toBe(2)
    await writer.sync()
  })

  test('of a sync nothing is appended or synced', async () => {
    const file = new BrokenFile()
    const writer = new LogWriter(file)
    file.failing = failure
    await expect(writer.sync()).rejects.toBe(failure)
    file.failing = undefined
    await expect(writer.sync()).rejects.toMatchObject({ code: 'LSM_READ_ONLY', cause: failure })
    expect(() => writer.append(recordOf(1), 0, 1)).toThrow(expect.objectContaining({ code: 'LSM_READ_ONLY' }))
    expect([file.appends, file.syncs]).toEqual([0, 1])
  })

  test('of one of two syncs under way both fail', async () => {
    let fail = (_error: Error): void => undefined
    let succeed = (): void => undefined
    const file = new BrokenFile()
    const pending = [
      new Promise<void>((_, reject) => (fail = reject)),
      new Promise<void>(resolve => (succeed = resolve)),
    ]
    file.sync = async () => pending.shift()
    const writer = new LogWriter(file)
    const syncs = [writer.sync(), writer.sync()]
    fail(failure)
    await expect(syncs[0]).rejects.toBe(failure)
    succeed()
    await expect(syncs[1]).rejects.toMatchObject({ code: 'LSM_READ_ONLY', cause: failure })
  })

  test('and after close, calls are refused', async () => {
    const writer = new LogWriter(new BrokenFile())
    await writer.close()
    await writer.close()
    expect(() => writer.append(recordOf(1), 0, 1)).toThrow(expect.objectContaining({ code: 'LSM_CLOSED' }))
    await expect(writer.sync()).rejects.toMatchObject({ code: 'LSM_CLOSED' })
  })
})
