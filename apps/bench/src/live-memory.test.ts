import { expect, test } from 'vitest'

import { liveMemory } from './live-memory.ts'

/** What is held here, in bytes; what others hold in this process changes by much less. */
const HELD = 4_000_000

test('what is held counts, and garbage does not', async () => {
  const before = await liveMemory()
  const held = [new Uint8Array(HELD)]
  for (let i = 0; i < 10; i++) new Uint8Array(HELD).fill(i)
  const during = await liveMemory()
  expect((during.buffers - before.buffers) / HELD).toBeCloseTo(1, 1)
  expect(during.resident).toBeGreaterThan(0)
  held.pop()
  const after = await liveMemory()
  expect((after.buffers - before.buffers) / HELD).toBeCloseTo(0, 1)
})
