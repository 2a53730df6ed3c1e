/**
 * Logs of any bytes: reading them ends, throws nothing, and accounts for every byte in order.
 */
import { fileURLToPath } from 'node:url'

import { maskCrc, crc32c, putFixed32 } from '@lsm/base'
import { fuzz, type Random } from '@lsm/testkit'
import { expect, test } from 'vitest'

import { BLOCK_SIZE, HEADER_SIZE } from '../src/log-format.ts'
import { BytesFile, contentsOf, logOf, recordOf } from './log-files.ts'

const corpus = fileURLToPath(new URL('../testdata/corpus/log', import.meta.url))

/** Puts the checksum of every fragment right that can be found. */
function reseal(log: Uint8Array): Uint8Array {
  const copy = log.slice()
  for (let block = 0; block < copy.length; block += BLOCK_SIZE) {
    const end = Math.min(block + BLOCK_SIZE, copy.length)
    for (let at = block; at + HEADER_SIZE <= end;) {
      const next = at + HEADER_SIZE + (copy[at + 4] | (copy[at + 5] << 8))
      if (next > end) break
      putFixed32(copy, at, maskCrc(crc32c(copy, at + 6, next)))
      at = next
    }
  }
  return copy
}

async function read(bytes: Uint8Array, random: Random): Promise<string> {
  const maxRecordSize = random.oneIn(4) ? 200 : 1 << 20
  const { records, offsets, dropped, end } = await contentsOf(bytes, {
    chunkSize: 1 + random.below(70_000),
    maxRecordSize,
  })
  expect(new BytesFile(bytes).size).toBe(end.bytes)
  const starts = [...offsets, ...dropped.map(({ offset }) => offset)].sort((a, b) => a - b)
  expect(new Set(starts).size).toBe(starts.length)
  for (const record of records) expect(record.length).toBeLessThanOrEqual(maxRecordSize)
  for (const { offset, bytes: length } of dropped) expect(length > 0 && offset + length <= bytes.length).toBe(true)
  expect(end.clean).toBe(dropped.length === 0)
  return `${records.length > 0} ${[...new Set(dropped.map(({ reason, tail }) => `${reason} ${tail}`))].sort().join()}`
}

test('reading a log of any bytes throws nothing', async () => {
  const small = await logOf([0, 1, 40, 300].map(length => recordOf(length)))
  const large = await logOf([BLOCK_SIZE - 100, 20, 59, 70_000, 5].map(length => recordOf(length)))
  const { cases } = await fuzz({
    corpus,
    seeds: [small, large, new Uint8Array(50)],
    reseal,
    run: read,
    accepts: () => false,
  })
  expect(cases).toBeGreaterThan(0)
})
