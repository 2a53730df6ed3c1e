import { deflateRawSync, inflateRawSync } from 'node:zlib'

import { LsmError } from '@lsm/base'
import { describe, expect, test } from 'vitest'

import { CodecRegistry, DEFAULT_CODECS, RAW, type Codec } from './codec.ts'
import { SNAPPY } from './snappy.ts'

/** The codec that the header of codec.ts shows. */
const DEFLATE: Codec = {
  id: 4,
  name: 'deflate',
  compress: (source, start, end) => deflateRawSync(source.subarray(start, end), { level: 1 }),
  decompress(source, start, end, limit) {
    try {
      return new Uint8Array(inflateRawSync(source.subarray(start, end), { maxOutputLength: limit }))
    } catch (cause) {
      throw new LsmError('LSM_CORRUPTION', 'deflated block is damaged', { cause })
    }
  },
}

test('the default is Snappy, as block type 1', () => {
  const registry = new CodecRegistry(DEFAULT_CODECS)
  expect(registry.names).toEqual(['snappy'])
  expect(registry.byId(1)).toBe(SNAPPY)
  expect(registry.byName('snappy')).toBe(SNAPPY)
})

test('finds nothing for the uncompressed type, and for what was not registered', () => {
  const registry = new CodecRegistry(DEFAULT_CODECS)
  for (const id of [RAW, 2, 255, -1]) expect(registry.byId(id)).toBeUndefined()
  for (const name of ['', 'zstd', '__proto__', 'constructor']) expect(registry.byName(name)).toBeUndefined()
})

test('takes a codec of the user', () => {
  const registry = new CodecRegistry([...DEFAULT_CODECS, DEFLATE])
  expect(registry.names).toEqual(['snappy', 'deflate'])
  const block = new Uint8Array(1000).fill(7)
  const packed = DEFLATE.compress(block, 0, block.length)!.slice()
  expect(registry.byId(4)?.decompress(packed, 0, packed.length, 1000)).toEqual(block)
  expect(() => DEFLATE.decompress(packed, 0, packed.length, 999)).toThrow(LsmError)
})

describe('refuses', () => {
  for (const id of [RAW, -1, 256, 1.5, Number.NaN]) {
    test(`id ${id}`, () => {
      expect(() => new CodecRegistry([{ ...SNAPPY, id }])).toThrow(TypeError)
    })
  }
  test('one id twice', () => {
    expect(() => new CodecRegistry([SNAPPY, { ...DEFLATE, id: 1 }])).toThrow(TypeError)
  })
  test('one name twice', () => {
    expect(() => new CodecRegistry([SNAPPY, { ...DEFLATE, name: 'snappy' }])).toThrow(TypeError)
  })
})
