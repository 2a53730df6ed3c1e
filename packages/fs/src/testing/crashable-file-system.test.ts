import { readFile } from 'node:fs/promises'

import type { Directory, WritableFile } from '@lsm/base'
import { describe, expect, test } from 'vitest'

import { bytesOf, contents, rejects, write } from '../../test/conformance.ts'
import { CRASH_VARIANTS, CrashableFileSystem, type CrashOptions } from './index.ts'

async function opened(): Promise<{ fileSystem: CrashableFileSystem; directory: Directory }> {
  const fileSystem = new CrashableFileSystem()
  return { fileSystem, directory: await fileSystem.openDirectory('d', true) }
}

function append(file: WritableFile, text: string): void {
  const bytes = bytesOf(text)
  file.append(bytes, 0, bytes.length)
}

/** What a crash leaves: contents by name. */
async function left(fileSystem: CrashableFileSystem, options: CrashOptions): Promise<Record<string, string>> {
  const directory = await fileSystem.crash(options).openDirectory('d', true)
  const found: Record<string, string> = {}
  for (const { name } of await directory.list()) found[name] = new TextDecoder().decode(await contents(directory, name))
  return found
}

/** All that some seeds of a variant leave, each once, sorted. */
async function outcomes(fileSystem: CrashableFileSystem, options: CrashOptions, seeds = 60): Promise<string[]> {
  const found = new Set<string>()
  for (let seed = 0; seed < seeds; seed++) found.add(JSON.stringify(await left(fileSystem, { ...options, seed })))
  return [...found].sort()
}

describe('what is durable', () => {
  test('bytes and names are, each by its own sync', async () => {
    const { fileSystem, directory } = await opened()
    const file = await directory.createFile('a')
    append(file, 'one')
    await file.sync()
    expect(await left(fileSystem, { variant: 'strict' })).toEqual({})
    await directory.sync()
    append(file, 'two')
    expect(await left(fileSystem, { variant: 'strict' })).toEqual({ a: 'one' })
    expect(await left(fileSystem, { variant: 'kill' })).toEqual({ a: 'onetwo' })
    await directory.syncFile('a')
    expect(await left(fileSystem, { variant: 'strict' })).toEqual({ a: 'onetwo' })
  })

  test('a removed name comes back until the directory is synced', async () => {
    const { fileSystem, directory } = await opened()
    await write(directory, 'a', bytesOf('1'))
    await directory.syncFile('a')
    await directory.sync()
    await directory.removeFile('a')
    expect(await left(fileSystem, { variant: 'strict' })).toEqual({ a: '1' })
    await directory.sync()
    expect(await left(fileSystem, { variant: 'strict' })).toEqual({})
  })

  test('a replaced file is the old or the new at every operation, and the new one once it is done', async () => {
    const { fileSystem, directory } = await opened()
    await directory.replaceFile('CURRENT', bytesOf('old'))
    const before = fileSystem.operations.length
    await directory.replaceFile('CURRENT', bytesOf('new'))
    const points = fileSystem.crashPoints.filter(at => at >= before)
    expect(points.length).toBe(6)
    for (const at of points) {
      for (const variant of CRASH_VARIANTS) {
        for (let seed = 0; seed < 20; seed++) {
          const { CURRENT } = await left(fileSystem, { at, variant, seed })
          expect(at === points.at(-1) ? ['new'] : ['old', 'new']).toContain(CURRENT)
        }
      }
    }
    const split = await outcomes(fileSystem, { at: points.at(-2)!, variant: 'kill', splitRenames: true })
    expect(split).toEqual(['{"CURRENT":"new","CURRENT.tmp":"new"}', '{"CURRENT":"new"}'])
  })

  test('replacing a file makes no other name durable', async () => {
    const { fileSystem, directory } = await opened()
    await write(directory, 'a', bytesOf('1'))
    await directory.replaceFile('CURRENT', bytesOf('a'))
    expect(Object.keys(await left(fileSystem, { variant: 'strict' }))).toEqual(['CURRENT'])
  })

  test('a sync covers what was there when it began', async () => {
    let go = (): void => undefined
    const fileSystem = new CrashableFileSystem({ pause: () => new Promise(resolve => (go = resolve)) })
    const directory = await fileSystem.openDirectory('d', true)
    const file = await directory.createFile('a')
    const named = directory.sync()
    go()
    await named
    append(file, 'before')
    const synced = file.sync()
    append(file, ' after')
    go()
    await synced
    expect(await left(fileSystem, { variant: 'strict' })).toEqual({ a: 'before' })
  })
})

describe('what may be left of what was not synced', () => {
  const unsynced = async (): Promise<CrashableFileSystem> => {
    const { fileSystem, directory } = await opened()
    const file = await directory.createFile('a')
    append(file, 'd')
    await file.sync()
    await directory.sync()
    append(file, 'xy')
    append(file, 'z')
    return fileSystem
  }

  test.each<[CrashOptions, string[]]>([
    [{ variant: 'kill' }, ['dxyz']],
    [{ variant: 'strict' }, ['d']],
    [{ variant: 'ordered' }, ['d', 'dxy', 'dxyz']],
    [{ variant: 'meta-only' }, ['d', 'd\0\0\0']],
    [{ variant: 'torn' }, ['dxy', 'dxyz']],
    [{ variant: 'sectors' }, ['d', 'd\0\0\0', 'dxyz']],
    [{ variant: 'dir-random' }, ['d', 'dx', 'dxy', 'dxyz']],
  ])('%j', async (options, expected) => {
    expect(await outcomes(await unsynced(), options)).toEqual(expected.map(a => JSON.stringify({ a })).sort())
  })

  test('sectors are there or not, each for itself', async () => {
    const { fileSystem, directory } = await opened()
    const file = await directory.createFile('a')
    await directory.sync()
    append(file, 'x'.repeat(3 * 512))
    const shapes = (await outcomes(fileSystem, { variant: 'sectors' }, 200)).map(text =>
      (JSON.parse(text) as { a: string }).a.replaceAll('\0', '-').replaceAll(/(.)\1{511}/g, '$1'),
    )
    expect(shapes.sort()).toEqual(['', '---', '--x', '-x', '-x-', '-xx', 'x', 'x--', 'x-x', 'xx', 'xx-', 'xxx'].sort())
  })

  test('a stale sector shows what a file that is gone has held', async () => {
    const { fileSystem, directory } = await opened()
    await write(directory, 'old', new Uint8Array(512).fill(0x6f))
    await directory.removeFile('old')
    await directory.sync()
    const file = await directory.createFile('new')
    await directory.sync()
    append(file, 'n'.repeat(512))
    expect(await outcomes(fileSystem, { variant: 'stale' })).toContain(JSON.stringify({ new: 'o'.repeat(512) }))
  })

  test('changes of names are there or not, each for itself', async () => {
    const { fileSystem, directory } = await opened()
    await write(directory, 'a', bytesOf(''))
    await write(directory, 'b', bytesOf(''))
    const names = (await outcomes(fileSystem, { variant: 'dir-random' })).map(text => Object.keys(JSON.parse(text)))
    expect(names.map(found => found.join('')).sort()).toEqual(['', 'a', 'ab', 'b'])
  })

  test('the same crash leaves the same, which its fingerprint says', async () => {
    const fileSystem = await unsynced()
    const byFingerprint = new Map<string, string>()
    for (const variant of CRASH_VARIANTS) {
      for (let seed = 0; seed < 20; seed++) {
        const { fingerprint } = fileSystem.crash({ variant, seed })
        expect(fileSystem.crash({ variant, seed }).fingerprint).toBe(fingerprint)
        const found = JSON.stringify(await left(fileSystem, { variant, seed }))
        expect(byFingerprint.get(fingerprint) ?? found).toBe(found)
        byFingerprint.set(fingerprint, found)
      }
    }
    expect(byFingerprint.size).toBeGreaterThan(4)
  })

  test('a crash can be crashed again', async () => {
    const first = (await unsynced()).crash({ variant: 'kill' })
    expect(first.operations).toEqual([])
    await write(await first.openDirectory('d', false), 'b', bytesOf('2'))
    expect(await left(first, { variant: 'strict' })).toEqual({ a: 'dxyz' })
    expect(await left(first, { variant: 'kill' })).toEqual({ a: 'dxyz', b: '2' })
    expect(await left(first, { variant: 'kill', at: 0 })).toEqual({ a: 'dxyz' })
  })
})

describe('a process that is killed', () => {
  test('leaves what it has written, no more durable than it was', async () => {
    const { fileSystem, directory } = await opened()
    const file = await directory.createFile('f')
    await directory.sync()
    append(file, 'safe')
    await file.sync()
    append(file, ' or not')
    fileSystem.kill()

    const next = await fileSystem.openDirectory('d', false)
    expect(new TextDecoder().decode(await contents(next, 'f'))).toBe('safe or not')
    expect(await left(fileSystem, { variant: 'strict' })).toEqual({ f: 'safe' })
    await next.syncFile('f')
    expect(await left(fileSystem, { variant: 'strict' })).toEqual({ f: 'safe or not' })
  })

  test('does nothing more, not even what it had begun', async () => {
    const { fileSystem, directory } = await opened()
    const file = await directory.createFile('f')
    await directory.sync()
    append(file, 'text')
    const begun = file.sync()
    fileSystem.kill()
    const { length } = fileSystem.operations

    const killed = { code: 'LSM_IO', message: expect.stringContaining('was killed') }
    await expect(begun).rejects.toMatchObject(killed)
    expect(() => append(file, 'more')).toThrow(expect.objectContaining(killed))
    await expect(directory.removeFile('f')).rejects.toMatchObject(killed)
    await expect(directory.openFile('f')).rejects.toMatchObject(killed)
    expect(fileSystem.operations.length).toBe(length)
    expect(fileSystem.used).toBe(4)
    expect(await left(fileSystem, { variant: 'strict' })).toEqual({ f: '' })
  })

  test('leaves the new file of a replacement that it had begun', async () => {
    const { fileSystem, directory } = await opened()
    const begun = directory.replaceFile('f', bytesOf('new'))
    fileSystem.kill()
    await expect(begun).rejects.toMatchObject({ code: 'LSM_IO' })
    expect(await (await fileSystem.openDirectory('d', false)).list()).toEqual([
      { name: 'f.tmp', size: 3, isFile: true },
    ])
  })

  test('frees its locks, and cannot free those of the next one', async () => {
    const { fileSystem, directory } = await opened()
    const lock = await directory.lock('LOCK')
    fileSystem.kill()
    const next = await fileSystem.openDirectory('d', false)
    const held = await next.lock('LOCK')
    await lock.release()
    await expect(next.lock('LOCK')).rejects.toMatchObject({ code: 'LSM_LOCKED' })
    await held.release()
    await expect(next.lock('LOCK')).resolves.toBeDefined()
  })
})

describe('faults', () => {
  test('an operation fails by its number, once or for ever, with the code that was asked for', async () => {
    const { fileSystem, directory } = await opened()
    const fault = fileSystem.failAt(3, 'LSM_DISK_FULL')
    const file = await directory.createFile('a')
    expect(() => append(file, '1')).toThrow(expect.objectContaining({ code: 'LSM_DISK_FULL', file: 'a' }))
    expect(file.size).toBe(0)
    append(file, '2')
    expect(fault.struck).toEqual([{ number: 3, kind: 'append', file: 'a', bytes: 1 }])
    const sticky = fileSystem.failAt(({ kind }) => kind === 'list', 'LSM_IO', { times: Infinity })
    for (let i = 0; i < 3; i++) await rejects(directory.list(), 'LSM_IO')
    sticky.remove()
    expect(await directory.list()).toHaveLength(1)
  })

  test('what a failed sync should have covered can be read, and no later sync makes it durable', async () => {
    const { fileSystem, directory } = await opened()
    const file = await directory.createFile('a')
    await directory.sync()
    append(file, 'ab')
    await file.sync()
    append(file, 'cd')
    fileSystem.failAt(({ kind }) => kind === 'sync')
    await rejects(file.sync(), 'LSM_IO')
    append(file, 'ef')
    await file.sync()
    expect(await contents(directory, 'a')).toEqual(bytesOf('abcdef'))
    expect(await left(fileSystem, { variant: 'strict' })).toEqual({ a: 'ab\0\0ef' })
    expect(await left(fileSystem, { variant: 'kill' })).toEqual({ a: 'abcdef' })
  })

  test('so do names after a failed sync of their directory, and bytes after a failed close', async () => {
    const { fileSystem, directory } = await opened()
    const file = await directory.createFile('a')
    append(file, '1')
    fileSystem.failAt(({ kind }) => kind === 'sync-directory')
    await rejects(directory.sync(), 'LSM_IO')
    await directory.sync()
    expect(await left(fileSystem, { variant: 'strict' })).toEqual({})
    await directory.replaceFile('b', bytesOf('2'))
    fileSystem.failAt(({ kind }) => kind === 'close')
    await rejects(file.close(), 'LSM_IO')
    await file.close()
    await directory.syncFile('a')
    expect(await left(fileSystem, { variant: 'strict' })).toEqual({ b: '2' })
  })

  test('a replacement that fails leaves the old file and nothing else', async () => {
    for (const kind of ['create', 'append', 'sync', 'rename']) {
      const { fileSystem, directory } = await opened()
      await directory.replaceFile('a', bytesOf('old'))
      fileSystem.failAt(operation => operation.kind === kind)
      await rejects(directory.replaceFile('a', bytesOf('new')), 'LSM_IO')
      expect(await left(fileSystem, { variant: 'kill' }), kind).toEqual({ a: 'old' })
    }
  })

  test('a disk is full until it has more room, or less in it', async () => {
    const { fileSystem, directory } = await opened()
    fileSystem.capacity = 10
    const file = await directory.createFile('a')
    append(file, '12345678')
    expect(() => append(file, '123')).toThrow(expect.objectContaining({ code: 'LSM_DISK_FULL' }))
    append(file, '90')
    await rejects(directory.replaceFile('b', bytesOf('b')), 'LSM_DISK_FULL')
    fileSystem.capacity = 11
    await directory.replaceFile('b', bytesOf('b'))
    expect(fileSystem.used).toBe(11)
    await directory.removeFile('a')
    expect(fileSystem.used).toBe(1)
    expect(fileSystem.crash().used).toBe(1)
  })

  test('a bit is flipped in what is read, or in what is written', async () => {
    const { fileSystem, directory } = await opened()
    await write(directory, 'a', new Uint8Array(100))
    const bits = async (): Promise<number> =>
      (await contents(directory, 'a')).reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0)
    fileSystem.flipAt(({ kind }) => kind === 'read')
    expect([await bits(), await bits()]).toEqual([1, 0])
    fileSystem.flipAt(({ kind }) => kind === 'append')
    const zeros = new Uint8Array(100)
    await write(directory, 'a', zeros)
    expect([await bits(), await bits()]).toEqual([1, 1])
    expect(zeros).toEqual(new Uint8Array(100))
  })

  test('what is said to be written or synced may never reach the disk', async () => {
    const { fileSystem, directory } = await opened()
    const file = await directory.createFile('a')
    await directory.sync()
    fileSystem.loseAt(({ kind }) => kind === 'append')
    append(file, 'ab')
    append(file, 'cd')
    await file.sync()
    append(file, 'ef')
    fileSystem.loseAt(({ kind }) => kind === 'sync')
    await file.sync()
    await file.sync()
    expect(await contents(directory, 'a')).toEqual(bytesOf('abcdef'))
    expect(await left(fileSystem, { variant: 'strict' })).toEqual({ a: '\0\0cd' })
    await write(directory, 'b', bytesOf(''))
    fileSystem.loseAt(({ kind }) => kind === 'sync-directory')
    await directory.sync()
    expect(Object.keys(await left(fileSystem, { variant: 'strict' }))).toEqual(['a'])
  })
})

test('operations are told as text', async () => {
  const { fileSystem, directory } = await opened()
  await write(directory, 'a', bytesOf('123'))
  expect(fileSystem.trace()).toBe('1 mkdir d\n2 create a\n3 append a +3\n4 close a')
  expect(fileSystem.trace(3, 1)).toBe('3 append a +3')
  expect(fileSystem.crashPoints).toEqual([0, 1, 2, 3])
})

test('it uses nothing of any platform', async () => {
  const seen = new Set([new URL('index.ts', import.meta.url).href])
  for (const url of seen) {
    const source = await readFile(new URL(url), 'utf8')
    for (const [, imported] of source.matchAll(/^(?:import|export|\}).* from '([^']+)'/gmu)) {
      expect(imported, url).toMatch(/^(?:\.\.?\/|@lsm\/base$)/u)
      if (imported.startsWith('.')) seen.add(new URL(imported, url).href)
    }
  }
  expect(seen.size).toBeGreaterThan(10)
})
