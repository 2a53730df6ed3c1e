import { hashKey, putFixed32 } from '@lsm/base'
import { Random, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { leveldbBloomFilter } from './bloom-filter.ts'

const policy = leveldbBloomFilter(10)

const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'))
const hash = (text: string): number => hashKey(ascii(text), 0, text.length)
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Filters: `[offset of a data block, its keys]`, and where the data end. */
function build(blocks: readonly (readonly [offset: number, keys: readonly string[]])[], dataEnd: number): Uint8Array {
  const builder = policy.builder()
  for (const [offset, keys] of blocks) {
    builder.startBlock(offset)
    for (const key of keys) builder.addKey(hash(key))
  }
  return builder.finish(dataEnd)
}

/** A filter block of these filters, one after the other. */
function assemble(filters: readonly string[], baseLg = 11): Uint8Array {
  const bodies = filters.map(digits => Buffer.from(digits.replaceAll(' ', ''), 'hex'))
  const array = bodies.reduce((sum, body) => sum + body.length, 0)
  const contents = new Uint8Array(array + 4 * bodies.length + 5)
  let at = 0
  for (const [i, body] of bodies.entries()) {
    contents.set(body, at)
    putFixed32(contents, array + 4 * i, at)
    at += body.length
  }
  putFixed32(contents, contents.length - 5, array)
  contents[contents.length - 1] = baseLg
  return contents
}

const HELLO_WORLD = '1140004144104010 06'
const FOO = '2049120000000000 06'
const EMPTY_KEY = '0800040002001180 06'

describe('writes what LevelDB writes', () => {
  test.each([
    ['the empty key', [''], EMPTY_KEY],
    ['foo', ['foo'], FOO],
    ['hello, world', ['hello', 'world'], HELLO_WORLD],
  ])('for %s', (_name, keys, filter) => {
    expect(toHex(build([[0, keys]], 100))).toBe(toHex(assemble([filter])))
  })

  test('a filter block without blocks', () => {
    expect(toHex(build([], 0))).toBe('00000000 0b'.replace(' ', ''))
  })

  test('one filter for two blocks that begin in the same 2 KiB', () => {
    const blocks = [
      [0, ['hello']],
      [2047, ['world']],
      [2048, ['foo']],
    ] as const
    expect(toHex(build(blocks, 2100))).toBe(toHex(assemble([HELLO_WORLD, FOO])))
  })

  test('empty filters where no block begins', () => {
    const blocks = [
      [0, ['foo']],
      [3 * 2048, ['']],
    ] as const
    expect(toHex(build(blocks, 3 * 2048 + 10))).toBe(toHex(assemble([FOO, '', '', EMPTY_KEY])))
  })

  test('empty filters behind a large last block', () => {
    expect(toHex(build([[0, ['foo']]], 2047))).toBe(toHex(assemble([FOO])))
    expect(toHex(build([[0, ['foo']]], 2048))).toBe(toHex(assemble([FOO])))
    expect(toHex(build([[0, ['foo']]], 4096))).toBe(toHex(assemble([FOO, ''])))
    expect(toHex(build([[0, ['foo']]], 10_000))).toBe(toHex(assemble([FOO, '', '', ''])))
  })

  test.each([
    [1, 1],
    [2, 1],
    [3, 2],
    [10, 6],
    [16, 11],
    [43, 29],
    [44, 30],
    [64, 30],
  ])('%d bits per key with %d probes, in whole bytes', (bitsPerKey, probes) => {
    const builder = leveldbBloomFilter(bitsPerKey).builder()
    for (let i = 0; i < 99; i++) builder.addKey(hash(`key ${i}`))
    const contents = builder.finish(1)
    const bytes = Math.ceil(Math.max(64, 99 * bitsPerKey) / 8)
    expect(contents.length).toBe(bytes + 1 + 4 + 5)
    expect(contents[bytes]).toBe(probes)
  })

  test('a repeated key as often as it comes', () => {
    expect(build([[0, Array.from({ length: 100 }, () => 'foo')]], 1).length).toBe(125 + 1 + 4 + 5)
  })
})

describe('reads', () => {
  test.each([
    ['hello', 0, true],
    ['world', 2047, true],
    ['foo', 0, false],
    ['foo', 2048, true],
    ['hello', 2048, false],
    ['foo', 4096, false],
    ['foo', 6144, true],
    ['anything', 6144, true],
    ['anything', 2 ** 45, true],
  ])('%s in the block at %d: %s', (key, offset, answer) => {
    const reader = policy.reader(assemble([HELLO_WORLD, FOO, '']))
    expect(reader?.mayContain(hash(key), offset)).toBe(answer)
    expect(reader?.wholeTable).toBe(false)
  })

  test('by the range that the block names', () => {
    const reader = policy.reader(assemble([HELLO_WORLD, FOO], 4))
    expect(reader?.mayContain(hash('hello'), 15)).toBe(true)
    expect(reader?.mayContain(hash('hello'), 16)).toBe(false)
    expect(policy.reader(assemble([HELLO_WORLD, FOO], 40))?.mayContain(hash('foo'), 2 ** 40)).toBe(true)
  })

  test.each([
    ['a filter of a later kind, with 31 probes', assemble(['0000000000000000 1f']), true],
    ['a filter of one byte', assemble(['06']), false],
    ['a filter without probes', assemble(['0000 00']), true],
    ['a filter of any size', assemble(['ffff 06']), true],
  ])('%s', (_name, contents, answer) => {
    expect(policy.reader(contents)?.mayContain(hash('foo'), 0)).toBe(answer)
  })

  test('offsets out of order, or beyond the filters, as a match', () => {
    const contents = assemble([FOO, FOO, FOO])
    putFixed32(contents, 27 + 4, 3)
    expect(policy.reader(contents)?.mayContain(hash('bar'), 2048)).toBe(false)
    putFixed32(contents, 27 + 8, 2)
    expect(policy.reader(contents)?.mayContain(hash('bar'), 2048)).toBe(true)
    putFixed32(contents, 27 + 8, 28)
    expect(policy.reader(contents)?.mayContain(hash('bar'), 2048)).toBe(true)
    expect(policy.reader(contents)?.mayContain(hash('bar'), 4096)).toBe(true)
    putFixed32(contents, 27 + 8, 0xffff_ffff)
    expect(policy.reader(contents)?.mayContain(hash('bar'), 4096)).toBe(true)
  })

  test.each([
    ['nothing', []],
    ['four bytes', [0, 0, 0, 11]],
    ['an array behind the end', [1, 0, 0, 0, 11]],
    ['an array far behind the end', [255, 255, 255, 255, 11]],
    ['a range that no file has', [0, 0, 0, 0, 64]],
  ])('%s as no filter', (_name, bytes) => {
    expect(policy.reader(Uint8Array.from(bytes))).toBeUndefined()
  })
})

test(`no key is denied, few others are taken, and the size is known before, seed ${testSeed(1)}`, () => {
  const random = new Random(testSeed(1))
  const builder = policy.builder()
  const placed: [hash: number, offset: number][] = []
  let offset = 0
  while (placed.length < 20_000) {
    builder.startBlock(offset)
    for (let keys = random.between(1, 60); keys > 0; keys--) {
      const key = random.word()
      builder.addKey(key)
      placed.push([key, offset])
    }
    offset += random.between(100, 6000)
  }
  const { size } = builder
  const contents = builder.finish(offset)
  expect(Math.abs(contents.length - size)).toBeLessThan(16)
  const reader = policy.reader(contents)!
  let taken = 0
  for (const [key, at] of placed) {
    expect(reader.mayContain(key, at)).toBe(true)
    if (reader.mayContain(random.word(), at)) taken++
  }
  expect(taken / placed.length).toBeLessThan(0.025)
})

test.each([0, -1, 1.5, 65, Number.NaN])('refuses %d bits per key', bitsPerKey => {
  expect(() => leveldbBloomFilter(bitsPerKey)).toThrow(TypeError)
})

test(`random contents never throw, seed ${testSeed(2)}`, () => {
  const random = new Random(testSeed(2))
  for (let round = 0; round < 5000; round++) {
    const contents = random.oneIn(2) ? random.bytes(random.skewed(60)) : assemble([FOO, '', HELLO_WORLD])
    for (let changes = random.between(1, 4); changes > 0 && contents.length > 0; changes--) {
      contents[random.below(contents.length)] = random.pick([0, 1, 2, 27, 255, random.below(256)])
    }
    const reader = policy.reader(contents)
    for (const offset of [0, 2048, 5000, 2 ** 32, 2 ** 52])
      expect(reader?.mayContain(random.word(), offset)).toBeOneOf([true, false, undefined])
  }
})
