import { hashKey } from '@lsm/base'
import { Random, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { blockedBloomFilter } from './full-filter.ts'
import type { FilterReader } from './filter-policy.ts'

const policy = blockedBloomFilter(10)

function build(hashes: readonly number[], bitsPerKey = 10): Uint8Array {
  const builder = blockedBloomFilter(bitsPerKey).builder()
  builder.startBlock(0)
  for (const hash of hashes) builder.addKey(hash)
  const { size } = builder
  const contents = builder.finish(4096)
  expect(contents.length).toBe(size)
  return contents
}

const open = (hashes: readonly number[], bitsPerKey = 10): FilterReader => policy.reader(build(hashes, bitsPerKey))!

/** The hash of a 16-digit key, as benchmarks have them. */
function digits(number: number): number {
  return hashKey(Uint8Array.from(Buffer.from(String(number).padStart(16, '0'))), 0, 16)
}

describe('the bytes', () => {
  test('of one key: its bits in one line, then the trailer', () => {
    const contents = build([1])
    const set = [...contents.subarray(0, 64)].flatMap((byte, i) => bitsOf(byte).map(bit => 8 * i + bit))
    const m = 0x9e37_79b1n
    const expected = [1, 2, 3, 4, 5, 6].map(power => Number(((m ** BigInt(power)) & 0xffff_ffffn) >> 23n))
    expect(set).toEqual(expected.sort((a, b) => a - b))
    expect(Buffer.from(contents.subarray(64)).toString('hex')).toBe('0100000006010000')
  })

  test('the line is the share of the hash in 2^32', () => {
    // As many keys as fill three lines, but of two hashes only, so that hardly a bit is set.
    const filler = Array.from({ length: 152 }, (_, i) => i % 2)
    const without = build([...filler, 0])
    for (const [hash, line] of [
      [0x5555_5555, 0],
      [0x5555_5556, 1],
      [0xaaaa_aaaa, 1],
      [0xaaaa_aaab, 2],
      [0xffff_ffff, 2],
    ]) {
      const contents = build([...filler, hash])
      expect(contents.length).toBe(3 * 64 + 8)
      const changed = contents.findIndex((byte, i) => byte !== without[i])
      expect({ hash, line: changed >> 6 }).toEqual({ hash, line })
    }
  })

  test('no keys: one empty line, which denies everything', () => {
    expect(build([]).length).toBe(64 + 8)
    expect(open([]).mayContain(0, 0)).toBe(false)
  })

  test('versions of one key count once', () => {
    expect(build(Array.from({ length: 1000 }, () => 77))).toEqual(build([77]))
  })
})

describe('false positives', () => {
  const random = new Random(testSeed(1))
  const keys = 100_000
  test.each([
    [
      'consecutive numbers, 10 bits',
      10,
      0.015,
      Array.from({ length: keys }, (_, i) => digits(i)),
      (i: number) => digits(keys + i),
    ],
    ['random hashes, 10 bits', 10, 0.015, Array.from({ length: keys }, () => random.word()), () => random.word()],
    ['random hashes, 16 bits', 16, 0.002, Array.from({ length: keys }, () => random.word()), () => random.word()],
    ['random hashes, 5 bits', 5, 0.12, Array.from({ length: keys }, () => random.word()), () => random.word()],
  ])('%s', (_name, bitsPerKey, most, hashes, other) => {
    const reader = open(hashes, bitsPerKey)
    expect(hashes.filter(hash => !reader.mayContain(hash, 0))).toEqual([])
    let taken = 0
    for (let i = 0; i < keys; i++) if (reader.mayContain(other(i), 0)) taken++
    expect(taken / keys).toBeLessThan(most)
    expect(taken).toBeGreaterThan(0)
  })
})

test('answers for the whole table', () => {
  const reader = open([1, 2, 3])
  expect(reader.wholeTable).toBe(true)
  for (const offset of [0, 4096, 2 ** 40]) expect(reader.mayContain(2, offset)).toBe(true)
})

describe('what is no filter', () => {
  const good = build(Array.from({ length: 200 }, (_, i) => i * 0x1000_0000))
  const at = good.length - 8
  test.each([
    ['nothing', new Uint8Array(0)],
    ['a trailer alone', good.slice(at)],
    ['a byte less', good.slice(1)],
    ['a line less', good.slice(64)],
    ['a byte more', Uint8Array.of(0, ...good)],
    ['another version', altered(5, 2)],
    ['no probes', altered(4, 0)],
    ['31 probes', altered(4, 31)],
    ['a reserved byte', altered(6, 1)],
    ['the other reserved byte', altered(7, 1)],
    ['no lines', altered(0, 0)],
    ['another number of lines', altered(0, good[at] + 1)],
    ['a number of lines far beyond', altered(3, 0xff)],
    ['a number of lines whose size wraps around to the right one', altered(3, 0x04)],
  ])('%s', (_name, contents) => {
    expect(policy.reader(good)).toBeDefined()
    expect(policy.reader(contents)).toBeUndefined()
  })

  function altered(index: number, byte: number): Uint8Array {
    const contents = good.slice()
    contents[contents.length - 8 + index] = byte
    return contents
  }
})

test.each([0, -1, 1.5, 65, Number.NaN])('refuses %d bits per key', bitsPerKey => {
  expect(() => blockedBloomFilter(bitsPerKey)).toThrow(TypeError)
})

function bitsOf(byte: number): number[] {
  return [0, 1, 2, 3, 4, 5, 6, 7].filter(bit => (byte & (1 << bit)) !== 0)
}
