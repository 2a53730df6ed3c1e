import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

import { crc32c, TYPE_DELETION, TYPE_VALUE, VALID } from '@lsm/base'
import { Random, testSeed } from '@lsm/testkit'
import { expect, test } from 'vitest'

import { MemTable } from './memtable.ts'

/** What the worker and this thread do alike: a checksum over all entries in order, and one look-up per entry. */
const WORKER = `
  const { workerData, parentPort } = require('node:worker_threads')
  const main = async () => {
    const { MemTable } = await import(workerData.memtable)
    const { crc32c, FOUND, FoundValue, LookupKey, MAX_SEQUENCE } = await import(workerData.base)
    parentPort.on('message', shared => {
      const table = MemTable.fromShared(shared)
      const iterator = table.iterator()
      const lookup = new LookupKey()
      const found = new FoundValue()
      let crc = 0
      let values = 0
      for (let move = iterator.seekToFirst(); move === 1; move = iterator.next()) {
        crc = crc32c(iterator.key, iterator.keyStart, iterator.valueEnd, crc)
        lookup.assign(iterator.key.slice(iterator.keyStart, iterator.keyEnd - 8), MAX_SEQUENCE)
        if (table.find(lookup, found) === FOUND) values++
      }
      parentPort.postMessage({ crc, values, entries: table.entries, frozen: table.frozen })
    })
    parentPort.postMessage('ready')
  }
  main()
`

test('another thread reads a frozen table in place', async () => {
  const worker = new Worker(WORKER, {
    eval: true,
    workerData: { memtable: import.meta.resolve('@lsm/memtable'), base: import.meta.resolve('@lsm/base') },
  })
  try {
    await once(worker, 'message')
    const table = fill(new Random(testSeed(21)))
    table.freeze()
    worker.postMessage(table.share())
    const [answer] = (await once(worker, 'message')) as [unknown]
    expect(answer).toEqual({ crc: digest(table), values: values(table), entries: 20_000, frozen: true })
  } finally {
    await worker.terminate()
  }
})

function fill(random: Random): MemTable {
  const table = MemTable.create(4 << 20)
  for (let sequence = 1; sequence <= 20_000; sequence++) {
    const bytes = random.bytes(40)
    bytes[1] &= 7
    const type = random.oneIn(5) ? TYPE_DELETION : TYPE_VALUE
    table.add(sequence, type, bytes, 0, random.between(1, 9), 10, type === TYPE_DELETION ? 10 : 40)
  }
  return table
}

function digest(table: MemTable): number {
  const iterator = table.iterator()
  let crc = 0
  for (let move = iterator.seekToFirst(); move === VALID; move = iterator.next()) {
    crc = crc32c(iterator.key, iterator.keyStart, iterator.valueEnd, crc)
  }
  return crc
}

/** Entries whose key has a value as of now: one count for each of its versions. */
function values(table: MemTable): number {
  const iterator = table.iterator()
  let count = 0
  let counts = false
  let before = ''
  for (let move = iterator.seekToFirst(); move === VALID; move = iterator.next()) {
    const key = iterator.key.slice(iterator.keyStart, iterator.keyEnd - 8).join()
    if (key !== before) counts = iterator.key[iterator.keyEnd - 8] === TYPE_VALUE
    before = key
    if (counts) count++
  }
  return count
}
