/**
 * Beside the real LevelDB. What `/proc/locks` shows is known on Linux alone; elsewhere only the system's lock excludes.
 */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

import type { LsmError } from '@lsm/base'
import { ClassicLevel } from 'classic-level'
import { describe, expect, test } from 'vitest'

import { Child } from '../test/child.ts'
import { inFolder } from '../test/temporary-folder.ts'
import { foreignLocks } from './node-lock-proc.ts'
import { socketName } from './node-lock-socket.ts'
import { lockDirectory, type LockLayers, type NodeDirectoryLock } from './node-lock.ts'

const LEVELDB_CHILD = new URL('../testdata/leveldb-child.mjs', import.meta.url)

function take(root: string, layers?: LockLayers): Promise<NodeDirectoryLock> {
  return lockDirectory({ path: root, root, name: 'LOCK', fileMode: 0o600 }, layers)
}

describe.runIf(process.platform === 'linux')('a directory that LevelDB has open', () => {
  test.each([
    ['all layers', undefined],
    ['without the system lock', [[foreignLocks], [socketName]]],
  ])('in another process is refused, naming that process: %s', async (_, layers) => {
    await inFolder(async folder => {
      const root = join(folder, 'db')
      const [child, { opened }] = await Child.start(LEVELDB_CHILD, [root])
      try {
        expect(opened).toBe(true)
        const error = (await take(root, layers).catch((error: unknown) => error)) as LsmError
        expect(error).toMatchObject({ code: 'LSM_LOCKED' })
        expect(error.message).toContain(`process ${child.process.pid} (`)
        expect(error.message).toContain('leveldb-child.mjs')
        await child.end()
        await (await take(root, layers)).release()
      } finally {
        await child.kill()
      }
    })
  })

  test('in this process is refused, and LevelDB keeps its lock', async () => {
    await inFolder(async folder => {
      const root = join(folder, 'db')
      const level = new ClassicLevel(root)
      await level.open()
      const error = (await take(root).catch((error: unknown) => error)) as LsmError
      expect(error).toMatchObject({ code: 'LSM_LOCKED' })
      expect(error.message).toContain('this process')
      const { ino } = await stat(join(root, 'LOCK'))
      expect(await readFile('/proc/locks', 'utf8')).toMatch(new RegExp(` ${process.pid} \\S+:${ino} `, 'u'))
      await level.close()
    })
  })
})

describe('LevelDB', () => {
  test('is kept out by the system lock, where there is one', async () => {
    await inFolder(async root => {
      const lock = await take(root)
      const [child, { opened }] = await Child.start(LEVELDB_CHILD, [root])
      try {
        expect(opened).toBe(!/system lock|exclusive open/u.test(lock.kind))
      } finally {
        await child.kill()
        await lock.release()
      }
    })
  })

  test('opens a directory after us, whatever we wrote in LOCK', async () => {
    await inFolder(async root => {
      await (await take(root)).release()
      const level = new ClassicLevel(root)
      await level.open()
      await level.put('a', '1')
      expect(await level.get('a')).toBe('1')
      await level.close()
      await (await take(root)).release()
    })
  })
})
