import { LsmError } from '@lsm/base'
import { MemoryFileSystem } from '@lsm/fs'
import { MemTable } from '@lsm/memtable'
import { LogWriter } from '@lsm/wal'
import { expect, test } from 'vitest'

import { DatabaseEvents } from './events.ts'
import { MemTableList, NOTHING_REPLAYED } from './memtable-list.ts'
import { TurnClock } from './turn-clock.ts'
import { WriteGate } from './write-gate.ts'
import { WriteQueue } from './write-queue.ts'

test('a first write for which there is no memory is refused, leaves nothing behind, and the next one is taken', async () => {
  const directory = await new MemoryFileSystem().openDirectory('/db', true)
  const memtables = MemTableList.replayed(NOTHING_REPLAYED)
  let hasMemory = false
  const never = (): Promise<never> => Promise.reject(new Error('not in this test'))
  const queue = new WriteQueue(
    memtables,
    { number: 1, writer: new LogWriter(await directory.createFile('1.log')) },
    0,
    {
      gate: new WriteGate(new DatabaseEvents(() => undefined)),
      clock: new TurnClock(),
      blocked: () => undefined,
      room: never,
      leaveLogs: never,
      nextLog: never,
      exchangeEmpty() {
        if (!hasMemory) throw new LsmError('LSM_LIMIT', 'no memory for a memtable')
        memtables.active = MemTable.create(1 << 16)
      },
      rotate: () => undefined,
    },
  )
  await expect(queue.put('a', '1', false)).rejects.toMatchObject({ code: 'LSM_LIMIT' })
  hasMemory = true
  await queue.put('b', '2', false)
  expect(queue.failure).toBeUndefined()
  expect(queue.lastSequence).toBe(1)
  expect(memtables.active.entries).toBe(1)
  await queue.close()
})
