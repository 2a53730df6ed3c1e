import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { describe, expect, test } from 'vitest'

import { DURABILITY } from './durability.ts'
import { PARSING } from './parsing.ts'

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url))

describe('a mutant', () => {
  test.each([...DURABILITY, ...PARSING])('applies to the source as it is: $name', ({ file, from, to, tests }) => {
    expect(readFileSync(ROOT + file, 'utf8').split(from)).toHaveLength(2)
    expect(to).not.toBe(from)
    expect(tests.filter(path => !existsSync(ROOT + path))).toEqual([])
  })

  test('has a name of its own', () => {
    const names = [...DURABILITY, ...PARSING].map(({ name }) => name)
    expect(names).toHaveLength(new Set(names).size)
  })
})
