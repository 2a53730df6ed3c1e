import { expect, test } from 'vitest'

import { liveMemory } from './live-memory.ts'

test('what is held counts, and garbage does not', async () => {
  const before = await liveMemory()
  const held = [new Uint8Array(4_000_000)]
  for (let i = 0; i < 10; i++) new Uint8Array(4_000_000).fill(i)
  const during = await liveMemory()
  expect(during.buffers - before.buffers).toBe(4_000_000)
  expect(during.resident).toBeGreaterThan(0)
  held.pop()
  expect((await liveMemory()).buffers).toBe(before.buffers)
})
