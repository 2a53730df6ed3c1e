import { readFile } from 'node:fs/promises'

import { expect, test } from 'vitest'

import { bytesOf, contents, rejects, write } from '../test/conformance.ts'
import { MemoryFileSystem } from './memory-file-system.ts'

test('two instances share nothing', async () => {
  const one = await new MemoryFileSystem().openDirectory('a', true)
  await write(one, 'x', bytesOf('1'))
  await rejects(new MemoryFileSystem().openDirectory('a', false), 'LSM_NOT_FOUND')
})

test.each(['a/b', '/a/b', 'a//b/', './a/b', 'a/c/../b', '../a/b'])('%j leads to a/b', async path => {
  const fileSystem = new MemoryFileSystem()
  await write(await fileSystem.openDirectory('a/b', true), 'x', bytesOf('1'))
  expect(await contents(await fileSystem.openDirectory(path, true), 'x')).toEqual(bytesOf('1'))
})

test.each(['__proto__', 'constructor', 'toString'])('%s is a name like any other', async name => {
  const directory = await new MemoryFileSystem().openDirectory(name, true)
  await rejects(directory.openFile(name), 'LSM_NOT_FOUND')
  await write(directory, name, bytesOf('1'))
  expect(await directory.list()).toEqual([{ name, size: 1, isFile: true }])
})

test.each([1, 255, 256, 257, 65_535, 65_536, 65_537, 131_072])(
  'appends of %i bytes meet at every chunk edge',
  async size => {
    const directory = await new MemoryFileSystem().openDirectory('a', true)
    const piece = Uint8Array.from({ length: size }, (_, i) => i * 7)
    const file = await directory.createFile('x')
    for (let i = 0; i < 4; i++) file.append(piece, 0, size)
    const whole = await contents(directory, 'x')
    expect(whole.length).toBe(4 * size)
    expect(whole.every((byte, i) => byte === piece[i % size])).toBe(true)
  },
)

test('a directory that is locked is not removed', async () => {
  const fileSystem = new MemoryFileSystem()
  const directory = await fileSystem.openDirectory('a', true)
  const lock = await directory.lock('LOCK')
  await fileSystem.removeDirectory('a')
  await fileSystem.openDirectory('a', false)
  await lock.release()
  await fileSystem.removeDirectory('a')
  await rejects(fileSystem.openDirectory('a', false), 'LSM_NOT_FOUND')
})

test('it uses nothing of Node', async () => {
  const seen = new Set(['./memory-file-system.ts'])
  for (const path of seen) {
    const source = await readFile(new URL(path, import.meta.url), 'utf8')
    for (const [, imported] of source.matchAll(/from '([^']+)'/gu)) {
      expect(imported, path).toMatch(/^(?:\.\/|@lsm\/)/u)
      if (imported.startsWith('./')) seen.add(imported)
    }
  }
  expect(seen.size).toBeGreaterThan(3)
})
