/**
 * What stays in memory of a database that is open and read: blocks in a cache, and of each table its index and its filter.
 *
 *     another process    loads, settles, closes
 *     this one           opens ─ reads everything ─ opens again ─ reads everything
 *                          └ resident memory ┘         └ JavaScript's memory ┘
 *
 * 1. Everything is read once, in scattered order, by awaited gets. Memory is looked at before and after, without garbage.
 * 2. JavaScript's memory is that of the second time: then the code is there, and what grows is the database's. An allocator
 *    gives nothing back, so resident memory is that of the first time, the code included.
 * 3. A database that says how much it caches must not keep more than that, and {@link slack}.
 *
 * With no cache (`lsm:cacheSize=0`) what is kept are indexes and filters. However large the values, a size means the same
 * number of bytes: those of so many entries with values of 100 bytes.
 */
import { Dataset, ENTRY_BYTES, KEY_BYTES, scattered } from '../dataset.ts'
import { liveMemory, type LiveMemory } from '../live-memory.ts'
import { Meter, type Phase } from '../meter.ts'
import { checkedGet } from './checked-get.ts'
import { load, verifyLoaded } from './load.ts'
import { LAP, type Scene, type Workload } from './workload.ts'

/** A database keeps more than it was allowed to. */
export class MemoryError extends Error {
  override readonly name = 'MemoryError'
}

/** By the size of values. */
export const memory: readonly Workload[] = [
  workload('memory-100b', '100 bytes', 100),
  workload('memory-4kb', '4000 bytes', 4000),
  workload('memory-100kb', '100,000 bytes', 100_000),
  workload('memory-1mb', '1,000,000 bytes', 1_000_000),
]

function workload(name: string, size: string, valueBytes: number): Workload {
  return {
    name,
    summary: `bytes that stay in memory when everything was read, values of ${size}`,
    full: { num: 500_000, keys: 500_000 },
    quick: { num: 20_000, keys: 20_000 },
    onRequest: true,
    preparation: { end: 'closed', run: scene => load(sized(scene, valueBytes)) },
    run: scene => run(sized(scene, valueBytes), name),
  }
}

/** As many bytes, in values of another size. */
function sized(scene: Scene, valueBytes: number): Scene {
  const { size } = scene
  const dataset = new Dataset(size.seed, valueBytes)
  const keys = Math.max(1, Math.floor((size.keys * ENTRY_BYTES) / dataset.entryBytes))
  return { ...scene, dataset, size: { ...size, keys } }
}

async function* run(first: Scene, name: string): AsyncGenerator<Phase, void, undefined> {
  const { keys } = first.size
  const started = await liveMemory()
  await readEverything(first, new Meter(name))
  const warm = await liveMemory()
  const scene: Scene = { ...first, driver: (await first.reopen()).driver }
  const opened = await liveMemory()
  const meter = new Meter(name)
  await readEverything(scene, meter)
  yield meter.stop()
  const full = await liveMemory()
  const note = (what: string, value: number, digits: number): void =>
    scene.note({ name: `${name}: ${what}`, value, digits })
  note('JS memory kept, bytes/key', (full.script - opened.script) / keys, 2)
  note('JS memory kept, MB', (full.script - opened.script) / 1e6, 2)
  note('of it array buffers, MB', (full.buffers - opened.buffers) / 1e6, 2)
  note('resident growth, MB', (warm.resident - started.resident) / 1e6, 1)
  checkCache(scene, opened, full)
  await verifyLoaded(scene)
}

async function readEverything(scene: Scene, meter: Meter): Promise<void> {
  const { keys } = scene.size
  const key = Buffer.alloc(KEY_BYTES)
  for (let from = 0; from < keys; from += LAP) {
    const count = Math.min(LAP, keys - from)
    for (let i = from; i < from + count; i++) await checkedGet(scene, scattered(i, keys), key)
    await meter.lap(count, count * scene.dataset.entryBytes)
  }
}

function checkCache({ driver, size, dataset }: Scene, before: LiveMemory, after: LiveMemory): void {
  if (driver.cacheSize === undefined) return
  const excess = after.buffers - before.buffers - driver.cacheSize
  if (excess > slack(size.keys, dataset.entryBytes))
    throw new MemoryError(`array buffers hold ${excess} bytes more than the ${driver.cacheSize} of the cache`)
}

/** Bytes that a database may keep beside its cache: index and filter of each key, and buffers for the largest entry. */
function slack(keys: number, entryBytes: number): number {
  return keys * TABLE_BYTES + ENTRIES * entryBytes + BUFFERS
}

const TABLE_BYTES = 8
const ENTRIES = 4
const BUFFERS = 1 << 20
