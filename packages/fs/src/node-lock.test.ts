import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'

import { LsmError } from '@lsm/base'
import { describe, expect, test } from 'vitest'

import { Child } from '../test/child.ts'
import { inFolder } from '../test/temporary-folder.ts'
import { lockFile } from './node-lock-file.ts'
import { ownLine } from './node-lock-owner.ts'
import { ownerFiles } from './node-lock-owner-file.ts'
import { foreignLocks } from './node-lock-proc.ts'
import { socketName } from './node-lock-socket.ts'
import { lockDirectory, lockRefusal, type LockLayers, type NodeDirectoryLock } from './node-lock.ts'

const LOCK_CHILD = new URL('../testdata/lock-child.mjs', import.meta.url)

const LAYERS = new Map<string, LockLayers>([
  ['all', [[foreignLocks], [socketName, ownerFiles], [lockFile]]],
  ['owner file', [[ownerFiles]]],
])
// A name that the kernel takes back is to be had on these alone.
if (process.platform === 'linux' || process.platform === 'win32') LAYERS.set('name', [[foreignLocks], [socketName]])

describe.each([...LAYERS.keys()])('layers: %s', layers => {
  const take = (root: string): Promise<NodeDirectoryLock> =>
    lockDirectory({ path: root, root, name: 'LOCK', fileMode: 0o600 }, LAYERS.get(layers))

  test('of eight processes exactly one wins, five times', async () => {
    const children = await startChildren(8)
    try {
      await inFolder(async root => {
        for (let round = 0; round < 5; round++) {
          const answers = await Promise.all(children.map(child => child.ask({ take: layers, root })))
          expect(
            answers.filter(answer => answer['kind'] !== undefined),
            `round ${round}`,
          ).toHaveLength(1)
          expect(answers.filter(answer => answer['code'] === 'LSM_LOCKED')).toHaveLength(7)
          await Promise.all(children.map(child => child.ask({})))
        }
      })
    } finally {
      await Promise.all(children.map(child => child.kill()))
    }
  })

  test('looking finds the owner, takes nothing and leaves nothing', async () => {
    const [child] = await startChildren(1)
    try {
      await inFolder(async root => {
        const look = (): Promise<LsmError | undefined> =>
          lockRefusal({ path: root, root, name: 'LOCK' }, LAYERS.get(layers))
        expect(await look()).toBeUndefined()
        expect(await readdir(root)).toEqual([])
        const mine = await take(root)
        expect((await look())?.message).toContain('this process')
        await mine.release()
        expect(await look()).toBeUndefined()
        await child.ask({ take: layers, root })
        const names = await readdir(root)
        expect(await look()).toMatchObject({ code: 'LSM_LOCKED' })
        expect(await readdir(root)).toEqual(names)
        await child.ask({})
        expect(await look()).toBeUndefined()
      })
    } finally {
      await child.kill()
    }
  })

  test('a killed owner leaves nothing in the way', async () => {
    const [child] = await startChildren(1)
    try {
      await inFolder(async root => {
        const { kind } = await child.ask({ take: layers, root })
        expect(kind).toEqual(expect.any(String))
        await expect(take(root)).rejects.toMatchObject({ code: 'LSM_LOCKED' })
        await child.kill()
        const lock = await take(root)
        await lock.release()
      })
    } finally {
      await child.kill()
    }
  })

  test('one owner in this process, by whatever path', async () => {
    await inFolder(async root => {
      const lock = await take(root)
      expect(lock.kind).not.toBe('')
      const error = await take(join(root, '.')).catch((error: unknown) => error)
      expect(error).toBeInstanceOf(LsmError)
      expect((error as LsmError).message).toMatch(
        /is in use by this process since .*; close it there, or open it read-only/u,
      )
      await lock.release()
      await (await take(root)).release()
    })
  })

  test('of many at once in this process exactly one wins', async () => {
    await inFolder(async root => {
      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => take(root)))
      const won = outcomes.filter(outcome => outcome.status === 'fulfilled')
      expect(won).toHaveLength(1)
      await won[0].value.release()
    })
  })

  test.each(['', 'garbage', '\0'.repeat(5000), '{"pid":1}', '{"pid":1}\n', '[]\n', '{"pid":-1,"host":7}\n', 'null\n'])(
    'a LOCK that holds %j is in nobody’s way',
    async garbage => {
      await inFolder(async root => {
        await writeFile(join(root, 'LOCK'), garbage)
        await writeFile(join(root, 'LOCK.owner-3'), garbage)
        await (await take(root)).release()
      })
    },
  )

  test('taken and released a hundred times, it leaves at most two files', async () => {
    await inFolder(async root => {
      for (let i = 0; i < 100; i++) await (await take(root)).release()
      expect((await readdir(root)).length).toBeLessThanOrEqual(2)
    })
  })
})

describe('the owner', () => {
  test('is named to other processes, with its command', async () => {
    const [child] = await startChildren(1)
    try {
      await inFolder(async root => {
        await child.ask({ take: 'all', root })
        const error = await lockDirectory({ path: root, root, name: 'LOCK', fileMode: 0o600 }).catch(
          (error: unknown) => error,
        )
        expect(error).toMatchObject({ code: 'LSM_LOCKED' })
        const { message } = error as LsmError
        expect(message).toContain(`process ${child.process.pid} on ${hostname()}`)
        expect(message).toContain('lock-child.mjs')
      })
    } finally {
      await child.kill()
    }
  })

  test('is written in LOCK, which stays', async () => {
    await inFolder(async root => {
      await writeFile(join(root, 'LOCK'), 'x'.repeat(10_000))
      const lock = await lockDirectory({ path: root, root, name: 'LOCK', fileMode: 0o600 })
      expect(JSON.parse(await readFile(join(root, 'LOCK'), 'utf8'))).toMatchObject({
        pid: process.pid,
        host: hostname(),
      })
      await lock.release()
      expect(await readdir(root)).toContain('LOCK')
    })
  })

  test('a directory that was removed while locked does not lock its successor', async () => {
    await inFolder(async folder => {
      const root = join(folder, 'store')
      await mkdir(root)
      const first = await lockDirectory({ path: root, root, name: 'LOCK', fileMode: 0o600 })
      await rm(root, { recursive: true })
      await mkdir(root)
      const second = await lockDirectory({ path: root, root, name: 'LOCK', fileMode: 0o600 })
      await second.release()
      await first.release()
    })
  })
})

describe('an owner file', () => {
  const take = (root: string): Promise<NodeDirectoryLock> =>
    lockDirectory({ path: root, root, name: 'LOCK', fileMode: 0o600 }, [[ownerFiles]])

  test('of a living process is respected', async () => {
    await inFolder(async root => {
      await writeFile(join(root, 'LOCK.owner-7'), await ownLine())
      await expect(take(root)).rejects.toMatchObject({ code: 'LSM_LOCKED' })
    })
  })

  test.each([
    ['of another process that had our number', { start: '1' }],
    ['of an earlier boot', { boot: '00000000-0000-0000-0000-000000000000' }],
    ['of another host', { host: 'elsewhere' }],
    ['of a process that is gone', { pid: 2 ** 31 - 1 }],
  ])('%s is not', async (_, difference) => {
    await inFolder(async root => {
      const living = JSON.parse(await ownLine()) as Record<string, unknown>
      // Where the platform does not tell a boot, one in the line proves nothing.
      if (Object.keys(difference).some(key => living[key] === undefined)) return
      await writeFile(join(root, 'LOCK.owner-7'), `${JSON.stringify({ ...living, ...difference })}\n`)
      const lock = await take(root)
      expect(await readdir(root)).toContain('LOCK.owner-8')
      await lock.release()
    })
  })

  test('shows nothing of a forged line but letters', async () => {
    await inFolder(async root => {
      const line = {
        ...(JSON.parse(await ownLine()) as object),
        pid: process.ppid,
        start: undefined,
        command: '\u001b[2J\n',
      }
      await writeFile(join(root, 'LOCK.owner-7'), `${JSON.stringify(line)}\n`)
      const error = (await take(root).catch((error: unknown) => error)) as LsmError
      expect(error.message).toContain('(?[2J?)')
    })
  })
})

async function startChildren(count: number): Promise<Child[]> {
  const started = await Promise.all(Array.from({ length: count }, () => Child.start(LOCK_CHILD)))
  return started.map(([child]) => child)
}
