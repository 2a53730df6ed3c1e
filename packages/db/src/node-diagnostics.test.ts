import { subscribe, unsubscribe } from 'node:diagnostics_channel'

import { expect, test } from 'vitest'

import { collectGarbage } from '../test/collect-garbage.ts'
import { diagnosticsTap } from './node-diagnostics.ts'

test('who subscribes hears everything, whatever the garbage collector does', async () => {
  const tap = diagnosticsTap('/tapped')
  const event = { table: 1, bytes: 2, entries: 3, milliseconds: 4 }
  // A channel without subscribers is collected, and what Node does about that comes after somebody has subscribed.
  tap('flush', event)
  await new Promise(resolve => setImmediate(resolve))
  collectGarbage()
  const heard: unknown[] = []
  const listen = (message: unknown): void => void heard.push(message)
  subscribe('lsm:flush', listen)
  for (let turn = 0; turn < 10; turn++) await new Promise(resolve => setImmediate(resolve))
  tap('flush', event)
  unsubscribe('lsm:flush', listen)
  expect(heard).toEqual([{ path: '/tapped', event }])
})
