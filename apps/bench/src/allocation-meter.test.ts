import { expect, test } from 'vitest'

import { allocatorsOf, countAllocations, profileAllocations } from './allocation-meter.ts'

let kept: unknown

/** Each time an array in the heap, and an array buffer outside of it. */
async function allocate(): Promise<void> {
  for (let i = 0; i < 100; i++) kept = [new Uint8Array(1000), kept === undefined]
}

test('every byte is counted', async () => {
  const few = await countAllocations(allocate)
  expect(few?.buffers).toBe(100_000)
  expect(few?.heap).toBeGreaterThan(100 * 100)
  expect(few?.heap).toBeLessThan(100 * 1000)
})

test('the function that allocates is named', async () => {
  const allocators = await profileAllocations(allocate)
  expect(allocators.some(({ name, objects }) => name.startsWith('allocate (') && objects >= 100)).toBe(true)
})

test('a profile is summed up by function, the greatest first', () => {
  const node = (id: number, functionName: string, url: string, children: object[] = []) =>
    ({ id, callFrame: { functionName, url, lineNumber: 4 }, children }) as never
  const head = node(1, '(root)', '', [node(2, 'get', 'file:///a/b.js', [node(3, '', 'c.js')]), node(4, 'get', 'b.js')])
  const samples = [2, 3, 4, 4, 5].map(nodeId => ({ size: 8 * nodeId, nodeId }))
  expect(allocatorsOf({ head, samples })).toEqual([
    { name: 'get (b.js:5)', bytes: 80, objects: 3 },
    { name: 'unknown', bytes: 40, objects: 1 },
    { name: '(anonymous) (c.js:5)', bytes: 24, objects: 1 },
  ])
})
