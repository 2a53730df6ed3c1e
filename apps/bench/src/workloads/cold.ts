/**
 * Reads from the disk: the files are out of the system's cache, and hardly a block is in the database's.
 *
 *     another process    loads, settles, closes
 *     this one           opens, warms up ─ drops the page cache ─ reads
 *                                │                                  │
 *                        keys   0 … a hundredth                  the others
 *
 * 1. The warm-up compiles the program and leaves the data that are measured alone.
 * 2. There are far fewer random reads than blocks: hardly any block is asked for twice, whatever cache the database has.
 * 3. How much came from the disk is a figure. Where it is nothing, nothing was cold; where it is far more than a block, the
 *    system read ahead, as it does for mapped files above all, and later reads found there what they asked for.
 *
 * A read takes as long as the disk. What differs is how many are on their way at the same time, and what the event loop can
 * do meanwhile: for that, see its delay.
 */
import { KEY_BYTES, keyNumberOf } from '../dataset.ts'
import { Meter, type Phase } from '../meter.ts'
import { VerificationError } from '../model.ts'
import { processCounters } from '../process-counters.ts'
import { Random } from '../random.ts'
import { checkedGet } from './checked-get.ts'
import { byClients } from './clients.ts'
import { load, verifyLoaded } from './load.ts'
import { goesOn, LAP, type Scene, type Workload } from './workload.ts'

const CLIENTS = 64

/** Operations after which all clients wait for the last one. */
const CLIENTS_LAP = 10 * CLIENTS

const WARM_UP = 20_000

/** Keys to each random read. A block holds about 35 of them, and the system soon reads more than what it is asked for. */
const KEYS_PER_READ = 500

/** Gets, one by one and many at a time, and a scan. */
export const cold: readonly Workload[] = [
  workload(
    'readcold',
    'awaited gets of random keys from a cold disk, one after the other; needs root on Linux',
    gets(1, LAP),
    KEYS_PER_READ,
  ),
  workload('readcold-concurrent', 'the same by 64 readers at the same time', gets(CLIENTS, CLIENTS_LAP), KEYS_PER_READ),
  workload('scancold', 'a scan of everything from a cold disk, time per entry', scan, 1),
]

type Reading = (scene: Scene, meter: Meter) => Promise<void>

function workload(name: string, summary: string, read: Reading, keysPerOperation: number): Workload {
  return {
    name,
    summary,
    full: { num: 1_000_000 / keysPerOperation, keys: 1_000_000 },
    quick: { num: 20_000 / keysPerOperation, keys: 20_000 },
    onRequest: true,
    preparation: { end: 'closed', run: load },
    lacks: ({ pageCache }) => pageCache.lack(),
    run: scene => run(scene, name, read),
  }
}

async function* run(scene: Scene, name: string, read: Reading): AsyncGenerator<Phase, void, undefined> {
  await warmUp(scene)
  scene.pageCache.drop()
  const before = processCounters().diskBytesRead
  const meter = await Meter.begin(name)
  await read(scene, meter)
  const after = processCounters().diskBytesRead
  const phase = await meter.finish()
  if (before !== undefined && after !== undefined)
    scene.note({ name: `${name}: read from disk, bytes/op`, value: (after - before) / phase.operations, digits: 0 })
  yield phase
  await verifyLoaded(scene)
}

async function warmUp(scene: Scene): Promise<void> {
  const warm = warmKeys(scene)
  const key = Buffer.alloc(KEY_BYTES)
  const count = Math.min(WARM_UP, scene.size.keys)
  for (let i = 0; i < count; i++) await checkedGet(scene, i % warm, key)
  for (let done = 0; done < count; done += warm) await scanFirst(scene, warm)
}

/** Keys that the warm-up may touch, the first ones. */
function warmKeys({ size }: Scene): number {
  return Math.ceil(size.keys / 100)
}

function gets(clients: number, longest: number): Reading {
  return async (scene, meter) => {
    const { size, dataset } = scene
    const first = warmKeys(scene) % size.keys
    const random = new Random(size.seed)
    const keys = Array.from({ length: clients }, () => Buffer.alloc(KEY_BYTES))
    while (goesOn(meter, size)) {
      const lap = Math.min(longest, size.num - meter.operations)
      await byClients(clients, lap, (_, client) => {
        const number = first + random.below(size.keys - first)
        return meter.sample(() => checkedGet(scene, number, keys[client]))
      })
      await meter.lap(lap, lap * dataset.entryBytes)
    }
  }
}

/** Once: the second one would be warm. */
async function scan(scene: Scene, meter: Meter): Promise<void> {
  const { keys } = scene.size
  await meter.lap(keys, await scanFirst(scene, keys))
}

/** Reads so many entries from the first key on; resolves with their bytes. */
async function scanFirst({ driver }: Scene, limit: number): Promise<number> {
  let bytes = 0
  let next = 0
  await driver.scan({ limit }, (key, value) => {
    bytes += key.length + value.length
    if (keyNumberOf(value) !== next) throw new VerificationError(`a scan gives another key than ${next}`)
    next++
  })
  if (next !== limit) throw new VerificationError(`a scan gives ${next} entries, not ${limit}`)
  return bytes
}
