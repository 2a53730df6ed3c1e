import { Random, testSeed } from '@lsm/testkit'
import { expect, test } from 'vitest'

import { allCommands } from './commands/all.ts'
import { parseLeading, parseWords } from './parser.ts'
import { PROGRAM_OPTIONS } from './program-options.ts'
import { takeApart } from './words.ts'

test.each([
  ['a b', { words: ['a', 'b'], options: {} }],
  ['a --raw - --key-hex', { words: ['a', '-'], options: { raw: true, keyHex: true } }],
  ['--db x --db=y=z a', { words: ['a'], options: { db: 'y=z' } }],
  ['--db= a', { words: ['a'], options: { db: '' } }],
  ['a --db', undefined],
  ['a --db --raw', undefined],
  ['a --raw=1', undefined],
  ['a --', undefined],
  ['a -5', undefined],
  ['a --help', undefined],
  ['a --ra', undefined],
])('%j', (line, expected) => {
  const definitions = ['--raw', '--key-hex', '--db <dir>'].map(flags => ({ flags, description: '' }))
  expect(takeApart(line.split(' '), definitions, false)).toEqual(expected)
})

test('what is taken apart is what the parser makes of it', async () => {
  const seed = testSeed(3)
  const random = new Random(seed)
  const definition = (await allCommands()).find(({ name }) => name === 'scan')
  if (definition === undefined) throw new Error('scan is gone')
  const many = { ...definition, arguments: [{ name: 'word', description: '', optional: true, many: true }] } as const
  const vocabulary = [
    'a',
    '',
    '-',
    '--',
    '-x',
    '-5',
    '--limit',
    '--limit=2',
    '--gte',
    'b',
    '--raw',
    '--reverse',
    '--db=x',
  ]
  let taken = 0
  for (let i = 0; i < 3000; i++) {
    const line = Array.from({ length: random.below(5) }, () => random.pick(vocabulary))
    const leading = takeApart(line, PROGRAM_OPTIONS, true)
    if (leading !== undefined) expect(parseLeading(line), `${seed} ${line.join(' ')}`).toEqual(leading)
    const plain = takeApart(line, definition.options, false)
    if (plain === undefined) continue
    taken++
    expect(parseWords(many, line, 'script'), `${seed} ${line.join(' ')}`).toEqual(plain)
  }
  expect(taken).toBeGreaterThan(300)
})
