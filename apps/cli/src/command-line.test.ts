import { Random, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { quoteWord, splitLine } from './command-line.ts'

describe('splitLine', () => {
  test.each([
    ['', []],
    ['   ', []],
    ['get k', ['get', 'k']],
    ['  get\t k  ', ['get', 'k']],
    ["put k 'two words'", ['put', 'k', 'two words']],
    ['put k "two words"', ['put', 'k', 'two words']],
    ['put k ""', ['put', 'k', '']],
    [String.raw`put k '\n "x"'`, ['put', 'k', String.raw`\n "x"`]],
    [String.raw`put k "a\"b\\c\n\t\r\0"`, ['put', 'k', 'a"b\\c\n\t\r\0']],
    [String.raw`put k "\u{e9}\u{1F600}"`, ['put', 'k', 'é😀']],
    [String.raw`put a\ b \'c\"`, ['put', 'a b', `'c"`]],
    [`put k a'b'"c"d`, ['put', 'k', 'abcd']],
    [`put k '{"a":1}'`, ['put', 'k', '{"a":1}']],
    ['# a comment', []],
    ['get k # a comment', ['get', 'k']],
    ['get k#1', ['get', 'k#1']],
    [String.raw`get \#k "#k"`, ['get', '#k', '#k']],
    ['größe  Straße', ['größe', 'Straße']],
  ])('%j', (line, words) => {
    expect(splitLine(line)).toEqual(words)
  })

  test.each([
    ["get 'k", "a single quote (') is not closed"],
    ['get "k', 'a double quote (") is not closed'],
    [String.raw`get "k\"`, 'a double quote (") is not closed'],
    ['get k\\', 'a backslash at the end'],
    [String.raw`get "\x00"`, String.raw`\x is no escape`],
    [String.raw`get "\u00e9"`, 'code point in braces'],
    [String.raw`get "\u{110000}"`, 'code point in braces'],
  ])('%j is refused', (line, message) => {
    expect(() => splitLine(line)).toThrow(message)
  })
})

test('a quoted word is split off as it was', () => {
  const random = new Random(testSeed(3))
  const characters = ['a', 'b', "'", '"', '\\', ' ', '#', '$', '\t', '-', 'é', '{', '}']
  for (let i = 0; i < 2000; i++) {
    const word = Array.from({ length: random.below(8) }, () => random.pick(characters)).join('')
    expect(splitLine(`x ${quoteWord(word)} y`), `seed ${random.seed}`).toEqual(['x', word, 'y'])
  }
})
