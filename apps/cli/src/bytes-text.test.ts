import { Random, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { displayBlock, displayLine, displayStart, escapeBytes, formatBytes, parseBytes } from './bytes-text.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Undoes `escapeBytes`. */
function unescape(line: string): Uint8Array {
  const parts = line.match(/\\x[0-9a-f]{2}|\\.|[^\\]+/gu) ?? []
  const named: Readonly<Record<string, string>> = { '\\\\': '\\', '\\t': '\t', '\\n': '\n', '\\r': '\r' }
  return Buffer.concat(
    parts.map(part => (part.startsWith('\\x') ? Buffer.from(part.slice(2), 'hex') : Buffer.from(named[part] ?? part))),
  )
}

describe('escapeBytes', () => {
  test.each([
    [bytes('plain ünïcode 😀'), 'plain ünïcode 😀'],
    [bytes('a\tb\nc\rd\\e'), String.raw`a\tb\nc\rd\\e`],
    [bytes('\0\x1b\x7f\x85'), String.raw`\x00\x1b\x7f\xc2\x85`],
    [Uint8Array.of(0x61, 0xff, 0xc3, 0xa9, 0xc3), String.raw`a\xffé\xc3`],
    [Uint8Array.of(0xed, 0xa0, 0x80), String.raw`\xed\xa0\x80`],
    [new Uint8Array(0), ''],
  ])('%j', (raw, line) => {
    expect(escapeBytes(raw)).toBe(line)
  })

  test('loses nothing, and gives one line without tabs', () => {
    const random = new Random(testSeed(8))
    for (let i = 0; i < 3000; i++) {
      const raw = random.oneIn(2) ? random.bytes(random.below(12)) : bytes(`${random.word()}\\x00é\t😀`)
      const line = escapeBytes(raw)
      expect(line, `seed ${random.seed}`).not.toMatch(/[\t\n\r]/)
      expect(Buffer.from(raw).equals(unescape(line)), `seed ${random.seed}`).toBe(true)
    }
  })
})

describe('display', () => {
  test.each([
    ['text', 'text', 'text'],
    ['two\nlines\r\n\t.', 'two\nlines\r\n\t.', String.raw`two\nlines\r\n\t.`],
    ['red \x1b[31m', '0x726564201b5b33316d', '0x726564201b5b33316d'],
    ['back\rwards', '0x6261636b0d7761726473', '0x6261636b0d7761726473'],
    ['over\u202eride', '0x6f766572e280ae72696465', '0x6f766572e280ae72696465'],
    ['👩‍💻', '👩‍💻', '👩‍💻'],
  ])('%j', (text, block, line) => {
    expect(displayBlock(bytes(text), 'text')).toBe(block)
    expect(displayLine(bytes(text), 'text')).toBe(line)
  })

  test('the beginning of long text does not cut a character', () => {
    expect(displayStart(bytes('é'.repeat(1000)), 'text', 10)).toMatch(/^é{20}$/)
    expect(displayStart(bytes(`a${'😀'.repeat(1000)}`), 'text', 10)).toBe(`a${'😀'.repeat(9)}`)
    expect(displayStart(new Uint8Array(1000).fill(0xff), 'text', 10)).toMatch(/^0x(ff)+$/)
  })
})

describe('parseBytes', () => {
  test.each([
    ['00fF', 'hex', [0, 255]],
    ['0x00', 'hex', [0]],
    ['', 'hex', []],
    ['AP8=', 'base64', [0, 255]],
    ['AP8', 'base64', [0, 255]],
    ['-_8', 'base64', [251, 255]],
    ['é', 'text', [0xc3, 0xa9]],
  ] as const)('%j as %s', (text, form, expected) => {
    expect([...parseBytes(text, form, 'the key')]).toEqual(expected)
  })

  test.each([
    ['0', 'hex'],
    ['xy', 'hex'],
    ['00 11', 'hex'],
    ['AP9', 'base64'],
    ['A', 'base64'],
    ['A*==', 'base64'],
    ['\ud800', 'text'],
  ] as const)('%j is not %s', (text, form) => {
    expect(() => parseBytes(text, form, 'the key')).toThrow(/^the key /)
  })

  test('reads what formatBytes writes', () => {
    const raw = new Random(1).bytes(256)
    for (const form of ['hex', 'base64'] as const) {
      expect([...parseBytes(formatBytes(raw, form), form, 'it')]).toEqual([...raw])
    }
  })
})
