import { expect, test } from 'vitest'

import { formatSize, parseSize } from './byte-size.ts'
import { UsageError } from './failure.ts'

test.each([
  [0, '0 bytes'],
  [1023, '1023 bytes'],
  [1024, '1.0 KiB'],
  [16 * 2 ** 20, '16.0 MiB'],
  [1.5 * 2 ** 40, '1.5 TiB'],
  [2 ** 60, '1024.0 PiB'],
])('%d is %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text)
})

test.each([
  ['0', 0],
  ['4096', 4096],
  ['12B', 12],
  ['1KiB', 1024],
  ['1 kb', 1000],
  ['16mib', 16 * 2 ** 20],
  ['1.5TB', 1.5e12],
  ['2PiB', 2 ** 51],
])('%j says %d bytes', (text, bytes) => {
  expect(parseSize(text, 'it')).toBe(bytes)
})

test.each(['', 'GB', '-1', '1 XB', '1iB', '1e3', '9000PiB', '1K', 'Infinity'])('%j is no size', text => {
  expect(() => parseSize(text, 'it')).toThrow(UsageError)
})
