import { LsmError, putVarint, varintLength } from '@lsm/base'
import { Random, testSeed } from '@lsm/testkit'
import { beforeEach, describe, expect, test } from 'vitest'

import { BlockKernel, blockKernel } from './block-kernel.ts'
import { SNAPPY, snappyCodec } from './snappy.ts'

const LIMIT = 1 << 24

let codec = SNAPPY

const hex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits.replaceAll(' ', ''), 'hex'))
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'))
const pack = (large: Uint8Array): Uint8Array => codec.compress(large, 0, large.length)!.slice()
const unpack = (packed: Uint8Array, limit = LIMIT): Uint8Array => codec.decompress(packed, 0, packed.length, limit)

/** An index block of 234 bytes, and its 72 bytes in a table that LevelDB 1.23 wrote. */
const LEVELDB_PACKED = hex(
  'ea012c000cd2016d32393901aa010001014c6d6964646c6520353520636f62616c742062617301073071756172747a206e69636b656c' +
    'fe1c00fe1c00b21c001c0000000001000000',
)
const LEVELDB_LARGE = ascii(
  '\0\f\xd2\x01m299\x01\xaa\x01\0\0\0\0\0middle 55 ' +
    'cobalt basalt quartz nickel '.repeat(7) +
    'coba\0\0\0\0\x01\0\0\0',
)

describe.each([
  ['in WebAssembly', SNAPPY],
  ['in TypeScript', snappyCodec(() => undefined)],
])('%s', (_, variant) => {
  beforeEach(() => {
    codec = variant
  })

  describe('reads', () => {
    test.each([
      ['nothing', '00', ''],
      ['one byte', '01 00 61', 'a'],
      ['a literal', '05 10 68656c6c6f', 'hello'],
      ['a literal of 61 bytes, its length in one byte', `3d f0 3c ${'62'.repeat(61)}`, 'b'.repeat(61)],
      ['the same, in two bytes', `3d f4 3c00 ${'62'.repeat(61)}`, 'b'.repeat(61)],
      ['the same, in three bytes', `3d f8 3c0000 ${'62'.repeat(61)}`, 'b'.repeat(61)],
      ['the same, in four bytes', `3d fc 3c000000 ${'62'.repeat(61)}`, 'b'.repeat(61)],
      ['a short copy', '08 0c 61626364 01 04', 'abcdabcd'],
      ['a short copy of 11 bytes, of which it wrote ten', '0c 00 61 1d 01', 'a'.repeat(12)],
      ['a copy with an offset of two bytes', '08 0c 61626364 0e 0400', 'abcdabcd'],
      ['a copy with an offset of four bytes', '08 0c 61626364 0f 04000000', 'abcdabcd'],
      ['a copy of one byte', '02 00 61 02 0100', 'aa'],
      ['a copy of 64 bytes', '41 00 7a fe 0100', 'z'.repeat(65)],
      ['a repeated pair', '09 04 6162 1a 0200', 'ababababa'],
      ['a repeated triple', '0b 08 787961 1e 0300', 'xyaxyaxyaxy'],
      ['a triple from further back', '08 10 6162636465 0a 0500', 'abcdeabc'],
      ['a short copy from more than 255 bytes back', `b002 f4 2b01 ${'63'.repeat(300)} 21 2c`, 'c'.repeat(304)],
    ])('%s', (_name, packed, large) => {
      expect(latin1(unpack(hex(packed)))).toBe(large)
      expect(latin1(referenceDecode(hex(packed)))).toBe(large)
    })

    test('what LevelDB wrote, and writes the same', () => {
      expect(LEVELDB_LARGE.length).toBe(234)
      expect(latin1(unpack(LEVELDB_PACKED))).toBe(latin1(LEVELDB_LARGE))
      expect(toHex(pack(LEVELDB_LARGE))).toBe(toHex(LEVELDB_PACKED))
    })
  })

  describe('writes', () => {
    test.each([
      ['nothing', '', '00'],
      ['one byte', 'a', '01 00 61'],
      ['a text too short to search', 'abcdabcdabcd', `0c 2c ${'61626364'.repeat(3)}`],
      ['a run', 'a'.repeat(100), '64 00 61 fe 0100 8a 0100'],
    ])('%s', (_name, large, packed) => {
      expect(toHex(pack(ascii(large)))).toBe(toHex(hex(packed)))
    })

    test('a copy shorter than four bytes is never left over', () => {
      for (let length = 20; length < 300; length++) {
        const large = new Uint8Array(length)
        expect(latin1(referenceDecode(pack(large)))).toBe(latin1(large))
      }
    })

    test('no more than the format promises, at worst', () => {
      const random = new Random(testSeed(11))
      for (const size of [1, 60, 61, 256, 257, 4096, 65_536, 65_537, 300_000]) {
        expect(pack(random.bytes(size)).length).toBeLessThanOrEqual(32 + size + size / 6)
      }
    })
  })

  describe('refuses', () => {
    test.each([
      ['no bytes at all', ''],
      ['a length without an end', '80 80'],
      ['a length of six bytes', '80 80 80 80 80 00'],
      ['a length above 2^32 - 1', 'ff ff ff ff 7f 00 61'],
      ['a length that so few bytes cannot stand for', '80 80 40 00 61'],
      ['fewer bytes than declared', '06 10 68656c6c6f'],
      ['bytes behind the end', '05 10 68656c6c6f 00 61'],
      ['bytes behind nothing', '00 00 61'],
      ['a literal cut short', '05 10 68656c6c'],
      ['a literal without its length', '05 f0'],
      ['a literal with half its length', '05 f4 00'],
      ['a literal of 4 GiB', '05 fc ffffffff 68656c6c6f'],
      ['a literal past the declared length', '04 10 68656c6c6f'],
      ['a copy at the start', '04 01 01'],
      ['an offset of zero', '05 00 61 01 00'],
      ['an offset of zero, in two bytes', '05 00 61 0e 0000'],
      ['an offset before the start', '05 00 61 01 02'],
      ['an offset of 4 GiB', '05 00 61 0f ffffffff'],
      ['a copy without its offset', '05 00 61 01'],
      ['a copy with half its offset', '05 00 61 0e 01'],
      ['a copy with three quarters of its offset', '05 00 61 0f 010000'],
      ['a copy past the declared length', '04 00 61 01 01'],
    ])('%s', (_name, packed) => {
      expect(failure(hex(packed))).toMatch(/^LSM_CORRUPTION damaged Snappy data: /)
    })

    test('what is larger than the limit', () => {
      const packed = pack(new Uint8Array(1000))
      expect(unpack(packed, 1000).length).toBe(1000)
      expect(failure(packed, 999)).toMatch(/1000 bytes declared, at most 999 allowed/)
    })

    test('every cut of a good block', () => {
      for (let end = 0; end < LEVELDB_PACKED.length; end++)
        expect(failure(LEVELDB_PACKED.slice(0, end))).toMatch(/LSM_C/)
    })
  })

  describe('round trips', () => {
    const seed = testSeed(1)
    const random = new Random(seed)
    const sizes = [
      0,
      1,
      2,
      3,
      4,
      15,
      16,
      17,
      59,
      60,
      61,
      64,
      127,
      128,
      255,
      256,
      257,
      4100,
      65_535,
      65_536,
      65_537,
      200_000,
      1 << 20,
    ]
    const kinds: Record<string, (size: number) => Uint8Array> = {
      zeros: size => new Uint8Array(size),
      random: size => random.bytes(size),
      'two letters': size => random.bytes(size, 2),
      'runs and noise': size => runsAndNoise(random, size),
      'a short period': size => periodic(random.bytes(random.between(1, 70)), size),
      'a long period': size => periodic(random.bytes(random.between(2000, 70_000)), size),
    }
    for (const [kind, make] of Object.entries(kinds)) {
      test(`${kind}, seed ${seed}`, () => {
        for (const size of sizes) {
          const large = make(size)
          const packed = pack(large)
          expect(Buffer.compare(unpack(packed, size), large), `${size} bytes`).toBe(0)
          expect(Buffer.compare(referenceDecode(packed), large), `${size} bytes, by the other decoder`).toBe(0)
        }
      })
    }

    test('a part of a larger array, and nothing of the array that holds the result', () => {
      const large = runsAndNoise(random, 5000)
      const packed = codec.compress(large, 700, 4800)!
      const padded = new Uint8Array(packed.length + 20).fill(0xaa)
      padded.set(packed, 10)
      const back = codec.decompress(padded, 10, 10 + packed.length, LIMIT)
      expect(back).toEqual(large.subarray(700, 4800))
      expect(back.constructor).toBe(Uint8Array)
      expect(back.buffer.byteLength).toBe(4100)
    })

    test('a result stays as it is when the codec is used again', () => {
      const first = unpack(pack(ascii('first first first first first')))
      unpack(pack(ascii('other other other other other')))
      expect(latin1(first)).toBe('first first first first first')
    })
  })

  test(`any sequence of elements decodes as the reference says, seed ${testSeed(2)}`, () => {
    const random = new Random(testSeed(2))
    for (let round = 0; round < 2000; round++) {
      const packed = randomElements(random)
      expect(toHex(unpack(packed))).toBe(toHex(referenceDecode(packed)))
    }
  })

  test(`mutations give an equal answer or LSM_CORRUPTION, seed ${testSeed(3)}`, () => {
    const random = new Random(testSeed(3))
    let refused = 0
    for (let round = 0; round < 20_000; round++) {
      const packed = mutate(
        random,
        random.oneIn(2) ? randomElements(random) : pack(runsAndNoise(random, random.skewed(600))),
      )
      const answer = attempt(() => unpack(packed, 1 << 16))
      expect(answer).toBe(attempt(() => referenceDecode(packed)))
      if (answer === 'LSM_CORRUPTION') refused++
    }
    expect(refused).toBeGreaterThan(5000)
    expect(refused).toBeLessThan(19_000)
  })

  /** The bytes in hex, or the code of the error. */
})

describe('the two', () => {
  const plain = snappyCodec(() => undefined)

  test('are two', () => {
    expect(blockKernel()).toBeInstanceOf(BlockKernel)
  })

  test(`write the same, byte for byte, seed ${testSeed(4)}`, () => {
    const random = new Random(testSeed(4))
    for (let round = 0; round < 300; round++) {
      const large = runsAndNoise(random, random.oneIn(10) ? random.below(65537) : random.below(6000))
      const packed = SNAPPY.compress(large, 0, large.length)!.slice()
      expect(toHex(packed), `round ${round}`).toBe(toHex(plain.compress(large, 0, large.length)!))
    }
  })
})

function attempt(decode: () => Uint8Array): string {
  try {
    return toHex(decode())
  } catch (error) {
    return error instanceof LsmError ? error.code : String(error)
  }
}

function failure(packed: Uint8Array, limit = LIMIT): string {
  try {
    return `no error, ${unpack(packed, limit).length} bytes`
  } catch (error) {
    return error instanceof LsmError ? `${error.code} ${error.message}` : String(error)
  }
}

/** A decoder that is slow and plain: a list of numbers, one byte at a time. */
function referenceDecode(packed: Uint8Array): Uint8Array {
  const input = [...packed]
  const take = (): number => {
    const byte = input[at++]
    if (byte === undefined) throw new LsmError('LSM_CORRUPTION', 'input ended')
    return byte
  }
  const takeNumber = (size: number): number => {
    let value = 0
    for (let i = 0; i < size; i++) value += take() * 256 ** i
    return value
  }
  const declared = (): number => {
    let value = 0
    for (let i = 0; i < 5; i++) {
      const byte = take()
      value += (byte & 127) * 128 ** i
      if (byte < 128) return value
    }
    throw new LsmError('LSM_CORRUPTION', 'length does not end')
  }
  let at = 0
  const length = declared()
  const output: number[] = []
  while (at < input.length && output.length <= length) {
    const tag = take()
    const size = tag >> 2
    if (tag % 4 === 0) {
      const count = 1 + (size < 60 ? size : takeNumber(size - 59))
      for (let i = 0; i < count; i++) output.push(take())
      continue
    }
    const count = tag % 4 === 1 ? 4 + (size % 8) : 1 + size
    const offset = tag % 4 === 1 ? (tag >> 5) * 256 + take() : takeNumber(tag % 4 === 2 ? 2 : 4)
    if (offset === 0 || offset > output.length) throw new LsmError('LSM_CORRUPTION', 'offset')
    for (let i = 0; i < count; i++) output.push(output[output.length - offset])
  }
  if (output.length !== length) throw new LsmError('LSM_CORRUPTION', 'length does not agree')
  return Uint8Array.from(output)
}

/** Valid data of random elements of every kind, also those that our compressor never writes. */
function randomElements(random: Random): Uint8Array {
  const body: number[] = []
  let length = 0
  for (let elements = random.skewed(30); elements >= 0; elements--) {
    const kind = length === 0 ? 0 : random.below(4)
    const offset = random.oneIn(2) ? Math.min(length, random.between(1, 5)) : random.between(1, Math.max(1, length))
    const count = kind === 0 ? random.skewed(random.pick([10, 70, 300])) + 1 : random.between(1, 64)
    if (kind === 0) body.push(...literal(random, count))
    else if (kind === 1 && offset < 2048) body.push(1 | ((count % 8) << 2) | ((offset >> 8) << 5), offset & 255)
    else if (kind === 3) body.push(3 | ((count - 1) << 2), offset & 255, offset >> 8, 0, 0)
    else body.push(2 | ((count - 1) << 2), offset & 255, offset >> 8)
    length += kind === 1 && offset < 2048 ? 4 + (count % 8) : count
  }
  const packed = new Uint8Array(varintLength(length) + body.length)
  packed.set(body, putVarint(packed, 0, length))
  return packed
}

function literal(random: Random, count: number): number[] {
  const size = count - 1
  const least = size < 60 ? 0 : size < 256 ? 1 : 2
  const extra = random.between(least, 4)
  const head = extra === 0 ? [size << 2] : [(59 + extra) << 2, size & 255, size >> 8, 0, 0].slice(0, 1 + extra)
  return [...head, ...random.bytes(count)]
}

function mutate(random: Random, packed: Uint8Array): Uint8Array {
  let bytes = [...packed]
  for (let changes = random.between(1, 3); changes > 0; changes--) {
    const at = random.below(bytes.length + 1)
    const kind = random.below(4)
    if (kind === 0) bytes[Math.min(at, bytes.length - 1)] ^= 1 << random.below(8)
    else if (kind === 1) bytes = bytes.slice(0, at)
    else if (kind === 2) bytes.splice(at, random.between(1, 4))
    else bytes.splice(at, 0, random.pick([0, 1, 2, 3, 0xfc, 0xff, random.below(256)]))
    if (bytes.length === 0) break
  }
  return Uint8Array.from(bytes)
}

function runsAndNoise(random: Random, size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let at = 0; at < size;) {
    const length = Math.min(size - at, random.skewed(200) + 1)
    const back = random.between(1, Math.max(1, Math.min(at, 70_000)))
    if (at > 0 && random.oneIn(2)) for (let i = 0; i < length; i++) bytes[at + i] = bytes[at + i - back]
    else bytes.set(random.bytes(length), at)
    at += length
  }
  return bytes
}

function periodic(period: Uint8Array, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => period[i % period.length])
}
