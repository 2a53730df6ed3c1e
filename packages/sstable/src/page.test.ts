import { END, internalKey, VALID } from '@lsm/base'
import { compareKeys, iteratorConformance, Random, randomEntries, testSeed, type Entry } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { block, bytes, concat, entry, sameEntries } from '../test/support.ts'
import { BlockBuilder } from './block-builder.ts'
import { BEYOND, NOTHING } from './block-iterator.ts'
import { blockKernel } from './block-kernel.ts'
import { PageIterator } from './page-iterator.ts'
import { makePage } from './page.ts'
import { SNAPPY } from './snappy.ts'
import { putTrailer } from './table-format.ts'

const NOTHING_SHARED = bytes('01 02 03 04 05 06 07 08')

iteratorConformance('a page', entries => ({ iterator: iteratorIn(pageOf(build(entries, 16))) }))

iteratorConformance('a page that was entered after others', entries => {
  const iterator = iteratorIn(pageOf(build(folding(), 16)))
  iterator.seekToLast()
  iterator.open(pageOf(build(randomEntries(new Random(entries.length), 30), 3)))
  iterator.seekToLast()
  iterator.open(pageOf(build(entries, 7)))
  return { iterator }
})

describe('a page', () => {
  test(`is the same from the kernel and from its twin, seed ${testSeed(1)}`, () => {
    const random = new Random(testSeed(1))
    for (let round = 0; round < 300; round++) {
      const contents = build(randomEntries(random, random.below(200)), 1 + random.below(20))
      for (const stored of [sealed(contents, 0), sealed(SNAPPY.compress(contents, 0, contents.length)!.slice(), 1)]) {
        const page = kernelPage(stored)
        const twin = pageOf(contents)
        if (page === undefined) expect(isFolded(twin), `round ${round}`).toBe(true)
        else expect(page, `round ${round}`).toEqual(twin)
      }
    }
  })

  test(`is made by the kernel of no block that its twin refuses, seed ${testSeed(2)}`, () => {
    const random = new Random(testSeed(2))
    for (let round = 0; round < 3000; round++) {
      const contents = build(randomEntries(random, 1 + random.below(40)), 1 + random.below(8))
      for (let changes = random.below(3); changes >= 0; changes--)
        contents[random.below(contents.length)] = random.below(256)
      const page = kernelPage(sealed(contents, 0))
      if (page !== undefined) expect(page, `round ${round}`).toEqual(pageOf(contents))
    }
  })

  test('is not made by the kernel where a checksum, a length or a codec is wrong, or it is too large', () => {
    const contents = build(randomEntries(new Random(3), 50), 16)
    const kernel = blockKernel()!
    const good = sealed(contents, 0)
    expect(kernel.page(good, contents.length, true, 1 << 20)).toEqual(pageOf(contents))
    expect(kernel.page(good, contents.length, true, contents.length - 1)).toBeUndefined()
    expect(kernel.page(good.subarray(0, good.length - 1), contents.length, true, 1 << 20)).toBeUndefined()
    const wrong = good.slice()
    wrong[wrong.length - 1] ^= 1
    expect(kernel.page(wrong, contents.length, true, 1 << 20)).toBeUndefined()
    expect(kernel.page(wrong, contents.length, false, 1 << 20)).toEqual(pageOf(contents))
    expect(kernelPage(sealed(contents, 2))).toBeUndefined()
    expect(kernelPage(sealed(bytes('ff ff ff ff ff'), 1))).toBeUndefined()
    expect(kernelPage(sealed(new Uint8Array(300_000), 0))).toBeUndefined()
  })

  test('has its entries folded where they would take half as much room again', () => {
    const entries = folding()
    const contents = build(entries, 1000)
    const page = pageOf(contents)
    expect(isFolded(page)).toBe(true)
    expect(page).toHaveLength(contents.length + 8)
    expect(isFolded(pageOf(build([], 16)))).toBe(true)
  })

  test('never has a key put together in it', () => {
    const plain = pageOf(build(randomEntries(new Random(4), 30), 16))
    const before = plain.slice()
    const iterator = iteratorIn(plain)
    iterator.seekToLast()
    iterator.open(pageOf(build(folding(), 1000)))
    while (iterator.prev() === VALID || iterator.seekToLast() !== VALID);
    for (let move = iterator.seekToFirst(); move === VALID; move = iterator.next());
    expect(plain).toEqual(before)
  })

  test('answers for any key, also for those that do not begin as all of its keys do', () => {
    const random = new Random(testSeed(5))
    for (let round = 0; round < 200; round++) {
      const prefix = random.bytes(random.below(9))
      const entries = randomEntries(random, 1 + random.below(40)).map(({ key, value }) => ({
        key: concat(prefix, key),
        value,
      }))
      const iterator = iteratorIn(pageOf(build(entries, 16)))
      const targets = [
        ...entries.map(({ key }) => key),
        ...randomEntries(random, 20).map(({ key }) => key),
        ...randomEntries(random, 20).map(({ key }) => concat(prefix, key)),
        ...randomEntries(random, 20).map(({ key }) => concat(prefix.slice(0, random.below(9)), key)),
        NOTHING_SHARED,
      ]
      for (const target of targets) {
        const at = entries.findIndex(({ key }) => compareKeys(key, target) >= 0)
        const padded = concat(bytes("'aaaa'"), target, bytes("'bbbb'"))
        expect(iterator.seek(padded, 4, target.length + 4), `seed ${random.seed}`).toBe(at < 0 ? END : VALID)
        if (at >= 0) expect(iterator.key.slice(iterator.keyStart, iterator.keyEnd)).toEqual(entries[at].key)
        const type = iterator.probe(padded, 4, target.length + 4)
        const isVersion = at >= 0 && sameUserKey(entries[at].key, target)
        expect(type, `seed ${random.seed}`).toBe(at < 0 ? BEYOND : isVersion ? entries[at].key.at(-8) : NOTHING)
      }
    }
  })

  test('holds lengths of every size', () => {
    const entries = [127, 128, 16_383, 16_384, 2_097_151, 2_097_152].map((length, i) => ({
      key: internalKey(new Uint8Array(200 * i).fill(i), 7, 1),
      value: new Uint8Array(length).fill(i),
    }))
    const iterator = iteratorIn(pageOf(build(entries, 2)))
    const found: Entry[] = []
    for (let move = iterator.seekToFirst(); move === VALID; move = iterator.next()) {
      const { key, keyStart, keyEnd, value, valueStart, valueEnd } = iterator
      found.push({ key: key.slice(keyStart, keyEnd), value: value.slice(valueStart, valueEnd) })
    }
    expect(sameEntries(found, entries)).toBe(true)
  })
})

/** Entries of which a block shows little: they share almost all of their keys. */
function folding(): Entry[] {
  const prefix = new Uint8Array(500).fill(7)
  return Array.from({ length: 50 }, (_, i) => ({
    key: internalKey(concat(prefix, Uint8Array.of(i)), 1, 1),
    value: Uint8Array.of(i),
  }))
}

function build(entries: readonly Entry[], interval: number): Uint8Array {
  if (entries.length === 0) return block([entry(0, NOTHING_SHARED, bytes(''))].slice(1), [0])
  const builder = new BlockBuilder(interval)
  for (const { key, value } of entries) builder.add(key, 0, key.length, value, 0, value.length)
  return builder.finish()
}

function pageOf(contents: Uint8Array): Uint8Array {
  return makePage(contents, '7.ldb', 99)
}

function isFolded(page: Uint8Array): boolean {
  return page.subarray(-4).every(byte => byte === 0)
}

function iteratorIn(page: Uint8Array): PageIterator {
  const iterator = new PageIterator()
  iterator.open(page)
  return iterator
}

/** A block as it is stored, its trailer behind it. */
function sealed(contents: Uint8Array, type: number): Uint8Array {
  const stored = new Uint8Array(contents.length + 5)
  stored.set(contents)
  putTrailer(stored, 0, contents.length, type)
  return stored
}

function kernelPage(stored: Uint8Array): Uint8Array | undefined {
  return blockKernel()!.page(stored, stored.length - 5, true, 1 << 20)
}

function sameUserKey(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.subarray(0, -8).every((byte, i) => byte === b[i])
}
