import { execFile } from 'node:child_process'
import { access, link, mkdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { describe, expect, test } from 'vitest'

import { bytesOf, contents, rejects, write } from '../test/conformance.ts'
import { inFolder } from '../test/temporary-folder.ts'
import { NodeFileSystem, nodeFileSystem } from './node-file-system.ts'

const run = promisify(execFile)
const isPosix = process.platform !== 'win32'

test('a path through a file says so', async () => {
  await inFolder(async folder => {
    await writeFile(join(folder, 'file'), '')
    await expect(nodeFileSystem.openDirectory(join(folder, 'file'), true)).rejects.toThrow(
      /it is there, but not a directory/u,
    )
  })
})

describe.runIf(isPosix)('links', () => {
  test('in a directory are not followed', async () => {
    await inFolder(async folder => {
      const precious = join(folder, 'precious')
      await writeFile(precious, 'precious')
      const path = join(folder, 'db')
      const directory = await nodeFileSystem.openDirectory(path, true)
      for (const name of ['a', 'b', 'CURRENT', 'CURRENT.tmp', 'LOCK']) await symlink(precious, join(path, name))
      await rejects(directory.openFile('a'), 'LSM_IO')
      expect(() => directory.openFileSync?.('a')).toThrow(/symbolic link/u)
      await rejects(directory.lock('LOCK'), 'LSM_IO')
      await write(directory, 'b', bytesOf('new'))
      await directory.replaceFile('CURRENT', bytesOf('new'))
      await directory.removeFile('a')
      expect(new Set(await directory.list())).toEqual(
        new Set([
          { name: 'CURRENT', size: 3, isFile: true },
          { name: 'LOCK', size: 0, isFile: false },
          { name: 'b', size: 3, isFile: true },
        ]),
      )
      expect(await readFile(precious, 'utf8')).toBe('precious')
    })
  })

  test('to a directory are followed once, when it is opened', async () => {
    await inFolder(async folder => {
      await mkdir(join(folder, 'real'))
      await symlink(join(folder, 'real'), join(folder, 'link'))
      const directory = await nodeFileSystem.openDirectory(join(folder, 'link'), true)
      await rename(join(folder, 'link'), join(folder, 'moved'))
      await write(directory, 'a', bytesOf('1'))
      await access(join(folder, 'real', 'a'))
      expect(directory.path).toBe(join(folder, 'link'))
    })
  })

  test('a second name of LOCK keeps it from being written to', async () => {
    await inFolder(async folder => {
      const precious = join(folder, 'precious')
      await writeFile(precious, 'precious')
      const directory = await nodeFileSystem.openDirectory(join(folder, 'db'), true)
      await link(precious, join(folder, 'db', 'LOCK'))
      await (await directory.lock('LOCK')).release()
      expect(await readFile(precious, 'utf8')).toBe('precious')
    })
  })
})

test.runIf(isPosix)('a pipe in the place of a file is refused without waiting', async () => {
  await inFolder(async folder => {
    await run('mkfifo', [join(folder, 'a')])
    const directory = await nodeFileSystem.openDirectory(folder, false)
    await rejects(directory.openFile('a'), 'LSM_IO')
    expect(() => directory.openFileSync?.('a')).toThrow(/something else than a regular file/u)
    expect(await directory.list()).toEqual([{ name: 'a', size: 0, isFile: false }])
  })
})

test.runIf(isPosix).each([
  [{}, 0o700, 0o600],
  [{ fileMode: 0o640, directoryMode: 0o750 }, 0o750, 0o640],
])('with options %j directories and files have their modes', async (options, directoryMode, fileMode) => {
  await inFolder(async folder => {
    const directory = await new NodeFileSystem(options).openDirectory(join(folder, 'a', 'b'), true)
    await write(directory, 'file', bytesOf('1'))
    await directory.replaceFile('CURRENT', bytesOf('1'))
    await (await directory.lock('LOCK')).release()
    const modeOf = async (name: string): Promise<number> => (await stat(join(folder, name))).mode & 0o777
    for (const name of ['a', 'a/b']) expect(await modeOf(name)).toBe(directoryMode)
    for (const name of ['a/b/file', 'a/b/CURRENT', 'a/b/LOCK']) expect(await modeOf(name)).toBe(fileMode)
  })
})

test.runIf(isPosix)('an append that does not fit is undone, and the next one that fits succeeds', async () => {
  await inFolder(async folder => {
    const command = `ulimit -f 16 && exec "$0" "$1" "$2"`
    const { stdout } = await run('sh', [
      '-c',
      command,
      process.execPath,
      fileURLToPath(new URL('../testdata/full-child.mjs', import.meta.url)),
      join(folder, 'db'),
    ])
    expect(JSON.parse(stdout)).toEqual(['LSM_DISK_FULL', 100, 100, 'appended', 150, 150])
  })
})

test('it works under the permission model with the directory alone', async () => {
  await inFolder(async folder => {
    const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission'
    const here = fileURLToPath(new URL('..', import.meta.url))
    const code = ['testdata', 'dist', '../base'].map(name => `--allow-fs-read=${join(here, name)}/`)
    const packages = `--allow-fs-read=${join(here, 'node_modules')}/`
    const access = [`--allow-fs-read=${folder}/`, `--allow-fs-write=${folder}/`]
    const { stdout } = await run(process.execPath, [
      flag,
      ...code,
      packages,
      ...access,
      fileURLToPath(new URL('../testdata/permission-child.mjs', import.meta.url)),
      folder,
    ])
    expect(JSON.parse(stdout)).toEqual({ count: 5, names: ['CURRENT', 'LOCK', 'a.log'], denied: true })
  })
})

test('a leftover of an interrupted replacement is in nobody’s way', async () => {
  await inFolder(async folder => {
    await writeFile(join(folder, 'CURRENT.tmp'), 'half')
    const directory = await nodeFileSystem.openDirectory(folder, false)
    await directory.replaceFile('CURRENT', bytesOf('whole'))
    expect(await contents(directory, 'CURRENT')).toEqual(bytesOf('whole'))
    expect(await directory.list()).toHaveLength(1)
  })
})
