/**
 * The one suite that every file system passes.
 */
import { LsmError, type Directory, type FileSystem, type LsmErrorCode, type ReadableFile } from '@lsm/base'
import { Random, testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

/** A file system under test. */
interface FileSystemSubject {
  readonly fileSystem: FileSystem
  /** A path at which nothing is, below a directory that is there. */
  readonly path: string
}

/** Runs one test on a file system of its own, and clears it away. */
export type WithFileSystem = (body: (subject: FileSystemSubject) => Promise<void>) => Promise<void>

const BAD_NAMES = ['', '.', '..', 'a/b', '../a', 'a\\b', 'a b', 'a\0', 'ä', 'a:b', 'x'.repeat(129)]

/** Declares the tests of the file-system contract for one way of making file systems. */
export function fileSystemConformance(name: string, withFileSystem: WithFileSystem): void {
  const withDirectory = (body: (directory: Directory, subject: FileSystemSubject) => Promise<void>): Promise<void> =>
    withFileSystem(async subject => {
      const directory = await subject.fileSystem.openDirectory(subject.path, true)
      await body(directory, subject)
      await directory.close()
    })

  describe(`${name}: directories`, () => {
    test('one that is not there is opened only if it is to be made', async () => {
      await withFileSystem(async ({ fileSystem, path }) => {
        await rejects(fileSystem.openDirectory(`${path}/deep/down`, false), 'LSM_NOT_FOUND')
        const directory = await fileSystem.openDirectory(`${path}/deep/down`, true)
        expect(directory.path).toBe(`${path}/deep/down`)
        expect(await directory.list()).toEqual([])
        await fileSystem.openDirectory(`${path}/deep/down`, false)
        await fileSystem.openDirectory(`${path}/deep/down`, true)
        const above = await fileSystem.openDirectory(`${path}/deep`, false)
        expect(await above.list()).toEqual([{ name: 'down', size: 0, isFile: false }])
      })
    })

    test('a file is no directory', async () => {
      await withDirectory(async (directory, { fileSystem, path }) => {
        await write(directory, 'a', bytesOf('1'))
        for (const create of [false, true]) {
          await rejects(fileSystem.openDirectory(`${path}/a`, create), 'LSM_IO')
          await rejects(fileSystem.openDirectory(`${path}/a/b`, create), 'LSM_IO')
        }
      })
    })

    test('all who open it see the same', async () => {
      await withDirectory(async (directory, { fileSystem, path }) => {
        await write(directory, 'a', bytesOf('one'))
        const other = await fileSystem.openDirectory(`${path}/.`, false)
        expect(await contents(other, 'a')).toEqual(bytesOf('one'))
        await other.removeFile('a')
        expect(await directory.list()).toEqual([])
      })
    })

    test('it lists names with their sizes', async () => {
      await withDirectory(async (directory, { fileSystem, path }) => {
        await write(directory, '000005.ldb', bytesOf('12345'))
        await write(directory, 'empty', bytesOf(''))
        await fileSystem.openDirectory(`${path}/lost`, true)
        const entries = await directory.list()
        expect(entries.sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
          { name: '000005.ldb', size: 5, isFile: true },
          { name: 'empty', size: 0, isFile: true },
          { name: 'lost', size: 0, isFile: false },
        ])
      })
    })

    test('it is removed only when empty', async () => {
      await withDirectory(async (directory, { fileSystem, path }) => {
        await write(directory, 'a', bytesOf('1'))
        await fileSystem.removeDirectory(path)
        expect(await directory.list()).toHaveLength(1)
        await directory.removeFile('a')
        await fileSystem.removeDirectory(path)
        await rejects(fileSystem.openDirectory(path, false), 'LSM_NOT_FOUND')
        await fileSystem.removeDirectory(path)
      })
    })

    test('it syncs, and is of no use once closed', async () => {
      await withDirectory(async directory => {
        await directory.sync()
        await directory.close()
        await directory.close()
        await rejects(directory.list(), 'LSM_CLOSED')
        await rejects(directory.createFile('a'), 'LSM_CLOSED')
        await rejects(directory.openFile('a'), 'LSM_CLOSED')
        await rejects(directory.replaceFile('a', bytesOf('1')), 'LSM_CLOSED')
        await rejects(directory.removeFile('a'), 'LSM_CLOSED')
        await rejects(directory.lock('LOCK'), 'LSM_CLOSED')
        await rejects(directory.sync(), 'LSM_CLOSED')
        await rejects(directory.syncFile('a'), 'LSM_CLOSED')
      })
    })

    test.each(BAD_NAMES)('refuses the name %j', async bad => {
      await withDirectory(async directory => {
        await expect(directory.createFile(bad)).rejects.toBeInstanceOf(TypeError)
        await expect(directory.openFile(bad)).rejects.toBeInstanceOf(TypeError)
        await expect(directory.replaceFile(bad, bytesOf('1'))).rejects.toBeInstanceOf(TypeError)
        await expect(directory.removeFile(bad)).rejects.toBeInstanceOf(TypeError)
        await expect(directory.syncFile(bad)).rejects.toBeInstanceOf(TypeError)
        await expect(directory.lock(bad)).rejects.toBeInstanceOf(TypeError)
        if (directory.openFileSync !== undefined) expect(() => directory.openFileSync?.(bad)).toThrow(TypeError)
        expect(await directory.list()).toEqual([])
      })
    })

    test('takes a name of 128 characters', async () => {
      await withDirectory(async directory => {
        const name = 'x'.repeat(128)
        await directory.replaceFile(name, bytesOf('1'))
        expect(await contents(directory, name)).toEqual(bytesOf('1'))
      })
    })
  })

  describe(`${name}: writing`, () => {
    test('appends count in size and can be read at once', async () => {
      await withDirectory(async directory => {
        const file = await directory.createFile('a.log')
        expect([file.name, file.size]).toEqual(['a.log', 0])
        file.append(bytesOf('..hello..'), 2, 7)
        file.append(bytesOf(''), 0, 0)
        expect(file.size).toBe(5)
        expect(await contents(directory, 'a.log')).toEqual(bytesOf('hello'))
        await file.sync()
        file.append(bytesOf(' world'), 0, 6)
        await file.sync()
        await file.close()
        await file.close()
        expect(await contents(directory, 'a.log')).toEqual(bytesOf('hello world'))
        expect(() => file.append(bytesOf('x'), 0, 1)).toThrow(LsmError)
        await rejects(file.sync(), 'LSM_CLOSED')
      })
    })

    test('what is appended is a copy', async () => {
      await withDirectory(async directory => {
        const file = await directory.createFile('a')
        const bytes = bytesOf('one')
        file.append(bytes, 0, 3)
        bytes.fill(0)
        await file.close()
        expect(await contents(directory, 'a')).toEqual(bytesOf('one'))
      })
    })

    test('refuses ranges outside of the array', async () => {
      await withDirectory(async directory => {
        const file = await directory.createFile('a')
        for (const [start, end] of [
          [-1, 1],
          [0, 4],
          [2, 1],
          [0.5, 1],
          [0, Number.NaN],
        ]) {
          expect(() => file.append(bytesOf('abc'), start, end)).toThrow(TypeError)
        }
        expect(file.size).toBe(0)
        await file.close()
      })
    })

    test('a new file replaces a leftover, which lives on for those who have it open', async () => {
      await withDirectory(async directory => {
        await write(directory, 'a', bytesOf('a long leftover'))
        const leftover = await directory.openFile('a')
        const file = await directory.createFile('a')
        file.append(bytesOf('new'), 0, 3)
        await file.close()
        expect(await contents(directory, 'a')).toEqual(bytesOf('new'))
        expect(await read(leftover)).toEqual(bytesOf('a long leftover'))
        await leftover.close()
      })
    })

    test('a file that was closed can be synced, and one that is not there cannot', async () => {
      await withDirectory(async directory => {
        const file = await directory.createFile('a')
        file.append(bytesOf('12'), 0, 2)
        await file.close()
        await directory.syncFile('a')
        expect(await contents(directory, 'a')).toEqual(bytesOf('12'))
        await rejects(directory.syncFile('b'), 'LSM_NOT_FOUND')
      })
    })

    test('a small file is replaced whole', async () => {
      await withDirectory(async directory => {
        await directory.replaceFile('CURRENT', bytesOf('MANIFEST-000001\n'))
        await directory.replaceFile('CURRENT', bytesOf('M-2\n'))
        await directory.replaceFile('empty', bytesOf(''))
        expect(await contents(directory, 'CURRENT')).toEqual(bytesOf('M-2\n'))
        expect((await directory.list()).map(entry => entry.name).sort()).toEqual(['CURRENT', 'empty'])
      })
    })

    test('a file is removed, and again without complaint', async () => {
      await withDirectory(async directory => {
        await write(directory, 'a', bytesOf('1'))
        await directory.removeFile('a')
        await directory.removeFile('a')
        await rejects(directory.openFile('a'), 'LSM_NOT_FOUND')
      })
    })

    test('a directory in the place of a file is left alone', async () => {
      await withDirectory(async (directory, { fileSystem, path }) => {
        await fileSystem.openDirectory(`${path}/a`, true)
        await rejects(directory.createFile('a'), 'LSM_IO')
        await rejects(directory.replaceFile('a', bytesOf('1')), 'LSM_IO')
        await rejects(directory.removeFile('a'), 'LSM_IO')
        await rejects(directory.openFile('a'), 'LSM_IO')
        expect(await directory.list()).toEqual([{ name: 'a', size: 0, isFile: false }])
      })
    })
  })

  describe(`${name}: reading`, () => {
    test('one that is not there is not found', async () => {
      await withDirectory(async directory => {
        await rejects(directory.openFile('a'), 'LSM_NOT_FOUND')
        const error = await directory.openFile('a').catch((error: unknown) => error)
        expect(error).toMatchObject({ file: 'a' })
        if (directory.openFileSync !== undefined) expect(() => directory.openFileSync?.('a')).toThrow(LsmError)
      })
    })

    test('ranges, and less than asked for only at the end', async () => {
      await withDirectory(async directory => {
        await write(directory, 'a', bytesOf('0123456789'))
        const file = await directory.openFile('a')
        expect([file.name, file.size]).toEqual(['a', 10])
        const cases: [position: number, length: number, expected: string][] = [
          [0, 10, '0123456789'],
          [3, 4, '3456'],
          [8, 4, '89'],
          [10, 4, ''],
          [1000, 4, ''],
          [5, 0, ''],
        ]
        for (const [position, length, expected] of cases) await readsAs(file, position, length, expected)
        await file.close()
      })
    })

    test('refuses wrong positions and ranges', async () => {
      await withDirectory(async directory => {
        await write(directory, 'a', bytesOf('0123456789'))
        const file = await directory.openFile('a')
        const target = new Uint8Array(4)
        for (const [position, start, length] of [
          [-1, 0, 1],
          [0.5, 0, 1],
          [0, 0, 5],
          [0, 3, 2],
          [0, -1, 1],
          [0, 0, -1],
        ]) {
          await expect(file.read(position, target, start, length)).rejects.toBeInstanceOf(TypeError)
          if (file.readSync !== undefined) {
            expect(() => file.readSync?.(position, target, start, length)).toThrow(TypeError)
          }
        }
        await file.close()
      })
    })

    test('an empty file', async () => {
      await withDirectory(async directory => {
        await write(directory, 'a', bytesOf(''))
        const file = await directory.openFile('a')
        expect(file.size).toBe(0)
        await readsAs(file, 0, 10, '')
        await file.close()
      })
    })

    test('3 MB at random, as they were appended at random', async () => {
      await withDirectory(async directory => {
        const random = new Random(testSeed(11))
        const expected = random.bytes(3_000_000)
        const writable = await directory.createFile('a')
        for (let at = 0; at < expected.length;) {
          const end = Math.min(expected.length, at + random.between(1, 200_000))
          writable.append(expected, at, end)
          at = end
        }
        await writable.close()
        const file = await directory.openFile('a')
        expect(file.size).toBe(expected.length)
        for (let i = 0; i < 50; i++) {
          const position = random.below(expected.length)
          const length = random.between(1, 300_000)
          const target = new Uint8Array(length)
          const count = await file.read(position, target, 0, length)
          const there = expected.subarray(position, position + length)
          expect(count, `seed ${random.seed}`).toBe(there.length)
          expect(Buffer.compare(target.subarray(0, count), there), `seed ${random.seed}`).toBe(0)
        }
        await file.close()
      })
    })

    test('reads in flight end well when the file is closed', async () => {
      await withDirectory(async directory => {
        await write(directory, 'a', new Uint8Array(100_000).fill(7))
        const file = await directory.openFile('a')
        const targets = Array.from({ length: 20 }, () => new Uint8Array(100_000))
        const reads = targets.map(target => file.read(0, target, 0, target.length))
        const closed = file.close()
        await rejects(file.read(0, targets[0], 0, 1), 'LSM_CLOSED')
        expect(await Promise.all(reads)).toEqual(targets.map(() => 100_000))
        expect(targets.every(target => target.every(byte => byte === 7))).toBe(true)
        await closed
        await file.close()
        if (file.readSync !== undefined) expect(() => file.readSync?.(0, targets[0], 0, 1)).toThrow(LsmError)
      })
    })
  })

  describe(`${name}: the lock`, () => {
    test('one owner at a time', async () => {
      await withDirectory(async (directory, { fileSystem, path }) => {
        const lock = await directory.lock('LOCK')
        const other = await fileSystem.openDirectory(path, false)
        await rejects(directory.lock('LOCK'), 'LSM_LOCKED')
        await rejects(other.lock('LOCK'), 'LSM_LOCKED')
        await lock.release()
        await lock.release()
        const again = await other.lock('LOCK')
        await rejects(directory.lock('LOCK'), 'LSM_LOCKED')
        await again.release()
      })
    })

    test('it outlives the directory that it was taken by', async () => {
      await withDirectory(async (directory, { fileSystem, path }) => {
        const lock = await directory.lock('LOCK')
        await directory.close()
        const other = await fileSystem.openDirectory(path, false)
        await rejects(other.lock('LOCK'), 'LSM_LOCKED')
        await lock.release()
      })
    })

    test('it is of one directory alone', async () => {
      await withDirectory(async (directory, { fileSystem, path }) => {
        const other = await fileSystem.openDirectory(`${path}/other`, true)
        const locks = [await directory.lock('LOCK'), await other.lock('LOCK')]
        for (const lock of locks) await lock.release()
      })
    })
  })
}

/** The bytes of a text. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** Expects an error of the engine with this code. */
export async function rejects(promise: Promise<unknown>, code: LsmErrorCode): Promise<void> {
  const error = await promise.then(
    () => 'no error',
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(LsmError)
  expect(error).toMatchObject({ code })
}

/** Writes a whole file. */
export async function write(directory: Directory, name: string, bytes: Uint8Array): Promise<void> {
  const file = await directory.createFile(name)
  file.append(bytes, 0, bytes.length)
  await file.close()
}

/** Reads a whole file. */
export async function contents(directory: Directory, name: string): Promise<Uint8Array> {
  const file = await directory.openFile(name)
  try {
    return await read(file)
  } finally {
    await file.close()
  }
}

async function read(file: ReadableFile): Promise<Uint8Array> {
  const target = new Uint8Array(file.size)
  expect(await file.read(0, target, 0, target.length)).toBe(target.length)
  return target
}

/** Reads into the middle of a larger array, both ways, and expects nothing else to be touched. */
async function readsAs(file: ReadableFile, position: number, length: number, expected: string): Promise<void> {
  for (const blocking of file.readSync === undefined ? [false] : [false, true]) {
    const target = new Uint8Array(length + 2).fill(0x2d)
    const count = blocking ? file.readSync?.(position, target, 1, length) : await file.read(position, target, 1, length)
    expect(count).toBe(expected.length)
    expect(new TextDecoder().decode(target)).toBe(`-${expected}${'-'.repeat(length - expected.length)}-`)
  }
}
