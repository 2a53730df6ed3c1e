/**
 * Counts what a stretch of work allocates in this thread, and names the functions that do.
 *
 *     bytes       the heap before and after, with no garbage collection in between: exact, garbage included
 *     functions   V8's sampling profiler with an interval of one byte, and so with every allocation in it
 *
 * 1. A window in which garbage was collected does not count. The young generation must hold what a window allocates:
 *    {@link ROOMY}.
 * 2. The profiler makes the work slow, so bytes are counted without it.
 * 3. Optimized code allocates several objects at once, which the profiler takes for one; unless it is forbidden to.
 */
import { Session, type HeapProfiler } from 'node:inspector'
import { GCProfiler, getHeapStatistics } from 'node:v8'

import { liveMemory } from './live-memory.ts'
import { spreadOf } from './spread.ts'

/** Arguments for Node: a young generation that is large from the beginning, and no two objects allocated as one. */
export const ROOMY: readonly string[] = [
  '--min-semi-space-size=256',
  '--max-semi-space-size=256',
  '--no-turbo-allocation-folding',
]

/** Bytes that were allocated. */
export interface Allocated {
  /** On the heap. */
  readonly heap: number
  /** In array buffers, whose bytes lie elsewhere. */
  readonly buffers: number
}

/** What one function allocated, the functions that it calls not counted. */
export interface Allocator {
  /** `function (file:line)`. */
  readonly name: string
  readonly bytes: number
  readonly objects: number
}

/**
 * Works several times, and returns the medians; `undefined` if there was garbage collection every time. The first time after
 * a collection is not counted, since V8 gives up some of what it knew of the program.
 */
export async function countAllocations(work: () => Promise<void>): Promise<Allocated | undefined> {
  const windows: Allocated[] = []
  await liveMemory()
  await work()
  for (let i = 0; i < WINDOWS; i++) {
    const window = await countOnce(work)
    if (window !== undefined) windows.push(window)
  }
  if (windows.length === 0) return undefined
  const median = (numbers: number[]): number => spreadOf(numbers).median
  return { heap: median(windows.map(({ heap }) => heap)), buffers: median(windows.map(({ buffers }) => buffers)) }
}

const WINDOWS = 5

async function countOnce(work: () => Promise<void>): Promise<Allocated | undefined> {
  const collections = new GCProfiler()
  collections.start()
  const buffers = process.memoryUsage().arrayBuffers
  const heap = getHeapStatistics().used_heap_size
  await work()
  const heapAfter = getHeapStatistics().used_heap_size
  const buffersAfter = process.memoryUsage().arrayBuffers
  if (collections.stop().statistics.length > 0) return undefined
  return { heap: heapAfter - heap, buffers: buffersAfter - buffers }
}

/** Works once, and returns who allocated, the greatest first. */
export async function profileAllocations(work: () => Promise<void>): Promise<Allocator[]> {
  const session = new Session()
  session.connect()
  try {
    session.post('HeapProfiler.startSampling', {
      samplingInterval: 1,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    } as HeapProfiler.StartSamplingParameterType)
    await work()
    return allocatorsOf(await stopSampling(session))
  } finally {
    session.disconnect()
  }
}

function stopSampling(session: Session): Promise<Profile> {
  return new Promise((resolve, reject) => {
    session.post('HeapProfiler.stopSampling', (error, { profile }) => {
      if (error === null) resolve(profile as unknown as Profile)
      else reject(error)
    })
  })
}

/** What is used of V8's profile: a tree of calls, and each sampled object with the call that made it. */
export interface Profile {
  readonly head: ProfileNode
  readonly samples: readonly { readonly size: number; readonly nodeId: number }[]
}

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  readonly children: readonly ProfileNode[]
}

/** Sums a profile up by function, the greatest first. */
export function allocatorsOf({ head, samples }: Profile): Allocator[] {
  const names = new Map<number, string>()
  nameNodes(head, names)
  const sums = new Map<string, { bytes: number; objects: number }>()
  for (const { size, nodeId } of samples) {
    const name = names.get(nodeId) ?? 'unknown'
    const sum = sums.get(name) ?? { bytes: 0, objects: 0 }
    sums.set(name, { bytes: sum.bytes + size, objects: sum.objects + 1 })
  }
  return [...sums].map(([name, sum]) => ({ name, ...sum })).toSorted((a, b) => b.bytes - a.bytes)
}

function nameNodes({ id, callFrame, children }: ProfileNode, names: Map<number, string>): void {
  const { functionName, url, lineNumber } = callFrame
  const file = url.slice(url.lastIndexOf('/') + 1)
  names.set(id, `${functionName || '(anonymous)'}${file === '' ? '' : ` (${file}:${lineNumber + 1})`}`)
  for (const child of children) nameNodes(child, names)
}
