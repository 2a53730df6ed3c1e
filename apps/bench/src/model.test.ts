import { expect, test } from 'vitest'

import { Dataset, KEY_BYTES, VALUE_BYTES } from './dataset.ts'
import type { Driver } from './drivers/driver.ts'
import { Model, VerificationError } from './model.ts'

const DATASET = new Dataset(1)

test('of writes to one key at the same time, any may be the last; of others, only the last', async () => {
  const model = new Model(DATASET, 2)
  model.note(0, 0)
  model.note(0, 10, 8)
  model.note(0, 12, 8)
  model.note(1, 20, 20)
  for (const write of [10, 12]) await expect(model.verify(holding({ 0: write, 1: 20 }), 10, 1)).resolves.toBeUndefined()
  await expect(model.verify(holding({ 0: 0, 1: 20 }), 10, 1)).rejects.toThrow(VerificationError)
  model.note(0, 30, 30)
  await expect(model.verify(holding({ 0: 12, 1: 20 }), 10, 1)).rejects.toThrow(VerificationError)
})

test('a deleted key must be gone', async () => {
  const model = new Model(DATASET, 2)
  model.note(0, 0)
  model.note(1, 1)
  model.noteDelete(0)
  expect(model.live).toBe(1)
  await expect(model.verify(holding({ 1: 1 }), 10, 1)).resolves.toBeUndefined()
  await expect(model.verify(holding({ 0: 0, 1: 1 }), 10, 1)).rejects.toThrow(VerificationError)
})

/** A database that holds these writes of these keys, and can be read only. */
function holding(writes: Readonly<Record<number, number>>): Driver {
  const entries = Object.entries(writes).map(([number, write]) => {
    const key = Buffer.alloc(KEY_BYTES)
    const value = Buffer.alloc(VALUE_BYTES)
    DATASET.writeKey(Number(number), key)
    DATASET.writeValue(Number(number), write, value)
    return { key, value }
  })
  const reader: Pick<Driver, 'get' | 'scan'> = {
    get: async key => entries.find(entry => entry.key.equals(key))?.value,
    scan: async (_, visit) => {
      for (const { key, value } of entries) visit(key, value)
      return entries.length
    },
  }
  return reader as Driver
}
