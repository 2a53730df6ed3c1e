import { Random, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { BytesFile, contentsOf, logOf, recordOf, texts, type Contents } from '../test/log-files.ts'
import { BLOCK_SIZE, fragmentChecksum, HEADER_SIZE } from './log-format.ts'
import { readLog } from './log-reader.ts'

const SIZES = [20, 0, 300, 5, 1, 90]
const PAYLOAD = BLOCK_SIZE - HEADER_SIZE

describe('a log cut short', () => {
  test('at any byte of a small one gives its whole records, and a tail', async () => {
    const records = SIZES.map(size => recordOf(size))
    const log = await logOf(records)
    const ends = ended(SIZES)
    for (let length = 0; length <= log.length; length++) {
      const whole = ends.filter(end => end <= length).length
      const { records: found, dropped, end } = await contentsOf(log.subarray(0, length))
      const validEnd = ends[whole - 1] ?? 0
      expect(found).toEqual(texts(records.slice(0, whole)))
      expect(end).toEqual({ bytes: length, records: whole, validEnd, zeros: 0, clean: validEnd === length })
      expect(dropped.map(({ offset, bytes, tail }) => ({ offset, bytes, tail }))).toEqual(
        validEnd === length ? [] : [{ offset: validEnd, bytes: length - validEnd, tail: true }],
      )
    }
  })

  test('inside a record of many blocks drops that record', async () => {
    const log = await logOf([recordOf(100), recordOf(200_000)])
    for (const length of [
      108,
      113,
      114,
      115,
      BLOCK_SIZE - 1,
      BLOCK_SIZE,
      BLOCK_SIZE + 1,
      3 * BLOCK_SIZE,
      log.length - 1,
    ]) {
      const { records, dropped, end } = await contentsOf(log.subarray(0, length))
      expect(records).toEqual(texts([recordOf(100)]))
      expect(dropped).toMatchObject([{ offset: 107, bytes: length - 107, tail: true }])
      expect(end).toMatchObject({ validEnd: 107, clean: false })
    }
  })

  test('and shorter than it said when it was opened ends where its bytes end', async () => {
    const log = await logOf([recordOf(10), recordOf(10)])
    const visitor = { record: () => undefined, dropped: () => undefined }
    const end = await readLog(new BytesFile(log, 1 << 20), visitor)
    expect(end).toEqual({ bytes: log.length, records: 2, validEnd: log.length, zeros: 0, clean: true })
  })
})

describe('zeros', () => {
  for (const zeros of [1, 6, 7, 100, BLOCK_SIZE, 1 << 20]) {
    test(`${zeros} of them at the end are not damage`, async () => {
      const log = await logOf([recordOf(100)])
      const { records, dropped, end } = await contentsOf(joined(log, new Uint8Array(zeros)))
      expect(records).toHaveLength(1)
      expect(dropped).toEqual([])
      expect(end).toEqual({ bytes: 107 + zeros, records: 1, validEnd: 107, zeros, clean: true })
    })
  }

  test('alone are an empty log', async () => {
    const { end } = await contentsOf(new Uint8Array(100_000))
    expect(end).toEqual({ bytes: 100_000, records: 0, validEnd: 0, zeros: 100_000, clean: true })
  })

  test('after an unfinished record leave that as a tail', async () => {
    const log = await logOf([recordOf(10), recordOf(50_000)])
    const { dropped, end } = await contentsOf(joined(log.subarray(0, BLOCK_SIZE), new Uint8Array(5000)))
    expect(dropped).toMatchObject([{ offset: 17, bytes: BLOCK_SIZE - 17, tail: true }])
    expect(end).toMatchObject({ zeros: 5000, clean: false })
  })

  test('with records behind them are damage', async () => {
    const tail = await logOf([recordOf(30)])
    const log = joined(await logOf([recordOf(10)]), new Uint8Array(BLOCK_SIZE - 17), tail)
    const { records, dropped } = await contentsOf(log)
    expect(records).toEqual(texts([recordOf(10), recordOf(30)]))
    expect(dropped).toMatchObject([
      { offset: 17, bytes: BLOCK_SIZE - 17, tail: false, reason: 'the space was never written' },
    ])
  })

  test('in place of a header, with bytes behind them in the block, are damage', async () => {
    const log = await logOf([recordOf(10), recordOf(40), recordOf(12)])
    log.fill(0, 17, 30)
    const { records, dropped } = await contentsOf(log)
    expect(records).toEqual(texts([recordOf(10)]))
    expect(dropped).toMatchObject([{ offset: 17, bytes: log.length - 17, tail: false }])
  })
})

describe('garbage', () => {
  test('at the end is a tail', async () => {
    const random = new Random(testSeed(2))
    for (const size of [1, 6, 7, 50, 5000, BLOCK_SIZE, 3 * BLOCK_SIZE + 5]) {
      const log = joined(
        await logOf([recordOf(100)]),
        random.bytes(size).map(byte => byte | 1),
      )
      const { records, dropped, end } = await contentsOf(log)
      expect(records, `seed ${random.seed}`).toEqual(texts([recordOf(100)]))
      expect(dropped).toMatchObject([{ offset: 107, bytes: size, tail: true }])
      expect(end).toMatchObject({ validEnd: 107, zeros: 0, clean: false })
    }
  })

  test('that fills the last block to its end is a tail too', async () => {
    const log = await logOf([recordOf(100), recordOf(PAYLOAD - 107)])
    expect(log.length).toBe(BLOCK_SIZE)
    log.fill(0xee, 2000)
    const { records, dropped } = await contentsOf(log)
    expect(records).toEqual(texts([recordOf(100)]))
    expect(dropped).toMatchObject([{ offset: 107, bytes: BLOCK_SIZE - 107, tail: true }])
  })

  test('alone, in many sizes and seeds, is never a record and never an exception', async () => {
    const seed = testSeed(3)
    for (let round = 0; round < 200; round++) {
      const random = new Random(seed + round)
      const log = random.bytes(random.skewed(4 * BLOCK_SIZE), random.pick([2, 5, 256]))
      const { records } = await contentsOf(log, { chunkSize: random.pick([1, 40_000, 1 << 20]) })
      expect(records, `seed ${random.seed}`).toEqual([])
    }
  })

  test('made to cost as much as it can is given up on', async () => {
    const log = new Uint8Array(64 * BLOCK_SIZE)
    // Every sixth byte begins a header of type 1 whose length fits the block: 2 bytes of length, 1 of type, crosswise.
    for (let at = 0; at < log.length; at++) log[at] = at % BLOCK_SIZE < 20_000 ? [1, 1, 1, 1, 0xfe, 0x2f, 1][at % 7] : 1
    const { records, end } = await contentsOf(log)
    expect(records).toEqual([])
    expect(end.clean).toBe(false)
  })
})

describe('a flipped byte', () => {
  test('anywhere leaves each record equal, or reports it', async () => {
    const sizes = [20, 0, 33_000, 5, 32_700, 1, 700]
    const records = sizes.map((size, i) => recordOf(size, i))
    const log = await logOf(records)
    const clean = await contentsOf(log)
    const random = new Random(testSeed(4))
    for (let at = 0; at < log.length; at += at % BLOCK_SIZE < 90 ? 1 : random.between(1, 400)) {
      const was = log[at]
      log[at] ^= 1 << random.below(8)
      checkAgainst(clean, await contentsOf(log), at)
      log[at] = was
    }
  })

  test('with records behind it in the same block is no tail', async () => {
    const records = SIZES.map(size => recordOf(size))
    const log = await logOf(records)
    const last = ended(SIZES).at(-2)!
    for (let at = 0; at < log.length; at++) {
      log[at] ^= 0x40
      const { dropped } = await contentsOf(log)
      expect(dropped).toMatchObject([{ tail: at >= last }])
      log[at] ^= 0x40
    }
  })
})

test('damage in the middle does not keep the end from being a tail', async () => {
  const log = await logOf([recordOf(10), recordOf(20), recordOf(33_000), recordOf(5), recordOf(40)])
  log[20] ^= 1
  const { records, dropped } = await contentsOf(log.subarray(0, log.length - 1))
  expect(records).toEqual(texts([recordOf(10), recordOf(5)]))
  expect(dropped).toMatchObject([
    { offset: 17, tail: false },
    { bytes: 46, tail: true },
  ])
})

describe('fragments out of place', () => {
  const full = fragment(1, recordOf(8))
  const cases: [string, Uint8Array[], number, { offset: number; bytes: number; tail: boolean }[]][] = [
    ['an unknown type, dropped alone', [fragment(9, recordOf(5)), full], 1, [{ offset: 0, bytes: 12, tail: false }]],
    [
      'type 0 with a payload, unknown as well',
      [fragment(0, recordOf(5)), full],
      1,
      [{ offset: 0, bytes: 12, tail: false }],
    ],
    ['LAST without FIRST', [fragment(4, recordOf(5)), full], 1, [{ offset: 0, bytes: 12, tail: false }]],
    ['MIDDLE without FIRST', [fragment(3, recordOf(5)), full], 1, [{ offset: 0, bytes: 12, tail: false }]],
    ['FULL after FIRST', [fragment(2, recordOf(5)), full], 1, [{ offset: 0, bytes: 12, tail: false }]],
    ['FULL after an empty FIRST, which is no damage', [fragment(2, recordOf(0)), full], 1, []],
    [
      'FIRST after FIRST',
      [fragment(2, recordOf(5)), fragment(2, recordOf(3)), fragment(4, recordOf(3))],
      1,
      [{ offset: 0, bytes: 12, tail: false }],
    ],
    [
      'an unknown type inside a record',
      [full, fragment(2, recordOf(5)), fragment(7, recordOf(1)), full],
      2,
      [{ offset: 15, bytes: 20, tail: false }],
    ],
    [
      'several in a row, which are one range',
      [full, fragment(4, recordOf(5)), fragment(9, recordOf(1)), full],
      2,
      [{ offset: 15, bytes: 20, tail: false }],
    ],
    ['FIRST at the end', [full, fragment(2, recordOf(5))], 1, [{ offset: 15, bytes: 12, tail: true }]],
    [
      'FIRST behind damage, which makes it no tail',
      [full, fragment(9, recordOf(5)), fragment(2, recordOf(5))],
      1,
      [{ offset: 15, bytes: 24, tail: false }],
    ],
  ]
  for (const [name, fragments, records, damage] of cases) {
    test(`such as ${name}`, async () => {
      const { records: found, dropped } = await contentsOf(joined(...fragments))
      expect(found).toHaveLength(records)
      expect(dropped).toMatchObject(damage)
      expect(dropped).toHaveLength(damage.length)
    })
  }
})

describe('limits and stops', () => {
  test('a record over the limit is damage, whether in one fragment or in many', async () => {
    const records = [recordOf(10), recordOf(101), recordOf(100), recordOf(70_000), recordOf(50)]
    const { records: found, dropped } = await contentsOf(await logOf(records), { maxRecordSize: 100 })
    expect(found.map(record => record.length)).toEqual([10, 100, 50])
    expect(dropped).toMatchObject([
      { offset: 17, bytes: 108, tail: false },
      { offset: 232, tail: false },
    ])
    expect(dropped.every(({ reason }) => reason === 'the record is larger than 100 bytes')).toBe(true)
  })

  test('a visitor stops at a record', async () => {
    const file = new BytesFile(await logOf([recordOf(1), recordOf(2), recordOf(3)]))
    let seen = 0
    const end = await readLog(file, { record: () => ++seen < 2, dropped: () => undefined })
    expect(seen).toBe(2)
    expect(end).toMatchObject({ records: 2, validEnd: 17, clean: false })
  })

  test('a visitor stops at damage, before what is behind it', async () => {
    const log = await logOf([recordOf(1), recordOf(40_000), recordOf(3)])
    log[100] ^= 1
    const lengths: number[] = []
    const visitor = { record: (_: Uint8Array, start: number, end: number) => void lengths.push(end - start) }
    const end = await readLog(new BytesFile(log), { ...visitor, dropped: () => false })
    expect(lengths).toEqual([1])
    expect(end).toMatchObject({ records: 1, validEnd: 8, clean: false })
  })

  test('what a visitor throws comes out', async () => {
    const file = new BytesFile(await logOf([recordOf(1)]))
    const visitor = {
      record: (): void => {
        throw new Error('enough')
      },
      dropped: () => undefined,
    }
    await expect(readLog(file, visitor)).rejects.toThrow('enough')
  })

  test('the size of a chunk changes nothing', async () => {
    const log = await logOf([recordOf(70_000), recordOf(10), recordOf(32_754), recordOf(5)])
    log[BLOCK_SIZE + 9] ^= 4
    const all = await contentsOf(log)
    for (const chunkSize of [1, 100, BLOCK_SIZE, BLOCK_SIZE + 1, 2 * BLOCK_SIZE]) {
      expect(await contentsOf(log, { chunkSize })).toEqual(all)
    }
  })
})

/** Checks that what was found is a part of `clean`, in order, and that what lacks lies in a reported range. */
function checkAgainst(clean: Contents, found: Contents, at: number): void {
  let next = 0
  for (const [i, offset] of clean.offsets.entries()) {
    if (found.offsets[next] === offset) expect(found.records[next++], `byte ${at}`).toEqual(clean.records[i])
    else {
      const reported = found.dropped.some(damage => damage.offset <= offset && offset < damage.offset + damage.bytes)
      expect(reported, `record at ${offset} after a flip at ${at}`).toBe(true)
    }
  }
  expect(next, `byte ${at}`).toBe(found.records.length)
}

/** Where records of these sizes end, if they fit into one block. */
function ended(sizes: readonly number[]): number[] {
  let end = 0
  return sizes.map(size => (end += HEADER_SIZE + size))
}

function fragment(type: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE + payload.length)
  bytes.set([payload.length & 255, payload.length >> 8, type], 4)
  bytes.set(payload, HEADER_SIZE)
  new DataView(bytes.buffer).setUint32(0, fragmentChecksum(bytes, 0, bytes.length), true)
  return bytes
}

function joined(...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

test('a fragment that reaches into the next block is dropped, though its checksum is right', async () => {
  const log = new Uint8Array(2 * BLOCK_SIZE)
  const end = BLOCK_SIZE + 1
  log.fill(7, HEADER_SIZE, end)
  log.set([(end - HEADER_SIZE) & 255, (end - HEADER_SIZE) >>> 8, 1], 4)
  new DataView(log.buffer).setUint32(0, fragmentChecksum(log, 0, end), true)
  const { records, dropped } = await contentsOf(log)
  expect(records).toEqual([])
  expect(dropped[0]).toMatchObject({ offset: 0, reason: 'the length leads out of the block' })
})
