import type { Directory } from '@lsm/base'
import { MemoryFileSystem } from '@lsm/fs'
import { expect, test } from 'vitest'

import { recordOf } from '../test/log-files.ts'
import { watched } from '../test/watched-directory.ts'
import type { LogDamage } from './log-visitor.ts'
import { RecordLog } from './record-log.ts'

test('records come back at the next opening, in order, and appending goes on in a new file', async () => {
  const directory = await newDirectory()
  for (let round = 0; round < 4; round++) {
    const { log, found } = await opened(directory)
    expect(found).toEqual(Array.from({ length: round }, (_, i) => `${i + 1}:${i}`))
    expect(log.fileNumber).toBe(round + 1)
    log.append(recordOf(round))
    await log.sync()
    await log.close()
  }
})

test('a torn tail is reported at each opening, and what was appended after it is read', async () => {
  const directory = await newDirectory()
  const torn = await directory.createFile('000007.log')
  torn.append(recordOf(30), 0, 30)
  await torn.close()
  for (let round = 0; round < 3; round++) {
    const { log, found, dropped } = await opened(directory)
    expect(dropped).toMatchObject([{ file: '000007.log', offset: 0, bytes: 30, tail: true }])
    expect(found).toHaveLength(round)
    log.append(recordOf(round))
    await log.close()
  }
})

test('rotation makes room for removal', async () => {
  const directory = await newDirectory()
  {
    await using log = (await opened(directory)).log
    log.append(recordOf(1))
    expect(await log.rotate()).toBe(2)
    log.append(recordOf(2))
    await Promise.all([log.rotate(), log.rotate()])
    log.append(recordOf(3))
    await log.sync()
    await log.removeBefore(2)
    await expect(log.removeBefore(9)).rejects.toThrow(TypeError)
  }
  const { found, log } = await opened(directory)
  expect(found).toEqual(['2:2', '4:3'])
  await log.close()
})

test('a name is durable before anything is appended under it, a file before the next one counts', async () => {
  const steps: string[] = []
  const { log } = await opened(watched(await newDirectory(), steps))
  log.append(recordOf(1))
  await log.rotate()
  log.append(recordOf(2))
  await log.sync()
  await log.rotate()
  await log.removeBefore(3)
  await log.close()
  expect(steps).toEqual([
    'create 000001.log',
    'sync directory',
    'append 000001.log',
    'create 000002.log',
    'sync directory',
    'sync 000001.log',
    'close 000001.log',
    'append 000002.log',
    'sync 000002.log',
    'create 000003.log',
    'sync directory',
    'sync 000002.log',
    'close 000002.log',
    'remove 000001.log',
    'remove 000002.log',
    'sync directory',
    'sync 000003.log',
    'close 000003.log',
  ])
})

test('a rotation whose sync fails lets no later sync succeed', async () => {
  const failing: { sync?: Error } = {}
  const { log } = await opened(watched(await newDirectory(), [], failing))
  log.append(recordOf(1))
  failing.sync = new Error('the disk is gone')
  await expect(log.rotate()).rejects.toBe(failing.sync)
  const failure = failing.sync
  delete failing.sync
  await expect(log.sync()).rejects.toBe(failure)
  await expect(log.close()).rejects.toBe(failure)
})

test('one owner at a time; closing gives the directory free', async () => {
  const directory = await newDirectory()
  const { log } = await opened(directory)
  await expect(opened(directory)).rejects.toMatchObject({ code: 'LSM_LOCKED' })
  await log.close()
  await log.close()
  await (await opened(directory)).log.close()
})

test('a visitor that refuses keeps the log from being opened, and nothing is made', async () => {
  const directory = await newDirectory()
  const { log } = await opened(directory)
  log.append(recordOf(5))
  await log.close()
  const refusing = RecordLog.open(directory, {
    record: () => {
      throw new Error('not mine')
    },
    dropped: () => undefined,
  })
  await expect(refusing).rejects.toThrow('not mine')
  expect((await directory.list()).filter(({ name }) => name.endsWith('.log'))).toHaveLength(1)
  await (await opened(directory)).log.close()
})

test('other files are left alone', async () => {
  const directory = await newDirectory()
  for (const name of ['12.log', '0000012.log', '000012.txt', 'notes.log']) {
    await (await directory.createFile(name)).close()
  }
  const { log } = await opened(directory)
  expect(log.fileNumber).toBe(1)
  await log.rotate()
  await log.removeBefore(2)
  await log.close()
  expect((await directory.list()).filter(({ name }) => !name.startsWith('LOCK'))).toHaveLength(5)
})

function newDirectory(): Promise<Directory> {
  return new MemoryFileSystem().openDirectory('records', true)
}

/** Opens a log; records come as `file number:length`. */
async function opened(directory: Directory): Promise<{ log: RecordLog; found: string[]; dropped: LogDamage[] }> {
  const found: string[] = []
  const dropped: LogDamage[] = []
  const log = await RecordLog.open(directory, {
    record: (_, start, end, fileNumber) => void found.push(`${fileNumber}:${end - start}`),
    dropped: damage => void dropped.push(damage),
  })
  return { log, found, dropped }
}
