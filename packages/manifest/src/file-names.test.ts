import { describe, expect, test } from 'vitest'

import {
  legacyTableFileName,
  logFileName,
  manifestFileName,
  parseFileName,
  tableFileName,
  type FileKind,
} from './file-names.ts'

describe('numbers have at least six digits', () => {
  for (const [number, digits] of [
    [0, '000000'],
    [5, '000005'],
    [999_999, '999999'],
    [1_000_006, '1000006'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
  ] as const) {
    test(`so: ${digits}`, () => {
      expect(logFileName(number)).toBe(`${digits}.log`)
      expect(tableFileName(number)).toBe(`${digits}.ldb`)
      expect(legacyTableFileName(number)).toBe(`${digits}.sst`)
      expect(manifestFileName(number)).toBe(`MANIFEST-${digits}`)
    })
  }
})

describe('names that say something', () => {
  for (const [name, kind, number] of [
    ['CURRENT', 'current', 0],
    ['LOCK', 'lock', 0],
    ['LOG', 'info', 0],
    ['LOG.old', 'info', 0],
    ['000000.log', 'log', 0],
    ['000005.ldb', 'table', 5],
    ['000005.sst', 'table', 5],
    ['1000006.ldb', 'table', 1_000_006],
    ['000007.dbtmp', 'temporary', 7],
    ['MANIFEST-000000', 'manifest', 0],
    ['MANIFEST-12345678', 'manifest', 12_345_678],
    ['9007199254740991.log', 'log', Number.MAX_SAFE_INTEGER],
  ] as [string, FileKind, number][]) {
    test(`${name}: ${kind}`, () => expect(parseFileName(name)).toEqual({ kind, number }))
  }
})

describe("names that are nobody's", () => {
  for (const name of [
    '',
    'notes.txt',
    'current',
    'CURRENT.bak',
    'LOG.old2',
    'MANIFEST',
    'MANIFEST-',
    'MANIFEST-5',
    'MANIFEST-abc',
    'MANIFEST-000001x',
    'MANIFEST-000001.ldb',
    '00000a.ldb',
    '12.ldb',
    '0000012.ldb',
    '-00012.ldb',
    '+00012.ldb',
    '0x0012.ldb',
    '000012',
    '000012.LDB',
    '000012.ldb ',
    '000012.ldb\n',
    ' 000012.ldb',
    '٠٠٠٠١٢.ldb',
    '9007199254740992.log',
    '99999999999999999999999.log',
  ]) {
    test(`such as ${JSON.stringify(name)}`, () => expect(parseFileName(name)).toBeUndefined())
  }
})
