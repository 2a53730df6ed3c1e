/**
 * What an operation allocates: bytes and objects of the main thread, and the functions that make them.
 *
 *     another process    loads, settles, closes
 *     this one           works until code and caches are warm ─ counts bytes ─ counts objects by function
 *
 * 1. Gets and puts go to a hundredth of the keys, in order, one awaited after the other; scans read from the first key on.
 *    So what is read is in the cache.
 * 2. The time is that of the same work with nothing counted.
 * 3. Awaiting allocates by itself, and that is in every sum; how much an async function that does nothing comes to is a
 *    figure of its own.
 */
import { countAllocations, profileAllocations, ROOMY, type Allocated, type Allocator } from '../allocation-meter.ts'
import { KEY_BYTES, keyNumberOf } from '../dataset.ts'
import { MissingError } from '../drivers/driver.ts'
import { Meter, type Phase } from '../meter.ts'
import { VerificationError } from '../model.ts'
import { load, loadedModel, verifyLoaded } from './load.ts'
import { SAMPLES, type Scene, type Size, type Workload } from './workload.ts'

/** One for each kind of operation. */
export const allocations: readonly Workload[] = [
  workload('allocations-get', 'bytes and objects that an awaited get of a cached key allocates', (scene, name) =>
    read(scene, name, getting(scene)),
  ),
  {
    ...workload('allocations-get-sync', 'the same by the synchronous call', (scene, name) =>
      read(scene, name, gettingSynchronously(scene)),
    ),
    lacks: ({ driver }) => (driver.getSync === undefined ? 'no synchronous get' : undefined),
  },
  workload('allocations-put', 'bytes and objects that an awaited put allocates', putting),
  workload('allocations-scan', 'bytes and objects that an entry of a scan allocates, 1000 at a time', (scene, name) =>
    read(scene, name, scanning(scene)),
  ),
]

/** Does the operations of a workload, the same ones each time. */
type Work = () => Promise<void>

type Run = (scene: Scene, name: string) => AsyncGenerator<Phase, void, undefined>

function workload(name: string, summary: string, counting: Run): Workload {
  return {
    name,
    summary,
    full: { num: 20_000, keys: 200_000 },
    quick: { num: 2000, keys: 20_000 },
    onRequest: true,
    nodeArguments: ROOMY,
    preparation: { end: 'closed', run: load },
    run: scene => counting(scene, name),
  }
}

/** Operations, or seconds, until nothing is compiled any more. */
const WARM_UP = 100_000
const WARM_UP_SECONDS = 3

async function* run(scene: Scene, name: string, work: Work): AsyncGenerator<Phase, void, undefined> {
  const { num } = scene.size
  const warming = new Meter(name)
  while (warming.operations < WARM_UP && warming.seconds < WARM_UP_SECONDS) {
    await work()
    warming.endLap(num, 0)
  }
  const meter = new Meter(name)
  await work()
  await meter.lap(num, 0)
  yield meter.stop()
  const { heap, buffers } = await counted(work)
  const itself = await counted(() => awaitNothing(scene))
  const allocators = await profileAllocations(work)
  const objects = allocators.reduce((sum, allocator) => sum + allocator.objects, 0)
  const note = (what: string, sum: number): void =>
    scene.note({ name: `${name}: ${what}`, value: sum / num, digits: 1 })
  note('heap bytes/op', heap)
  note('array buffer bytes/op', buffers)
  note('objects/op', objects)
  note('heap bytes/op of an awaited nothing', itself.heap)
  for (const allocator of allocators) if (allocator.bytes >= num) scene.remark(described(allocator, num))
}

function described({ name, bytes, objects }: Allocator, operations: number): string {
  const per = (sum: number): string => (sum / operations).toFixed(2)
  return `${per(bytes).padStart(9)} bytes/op, ${per(objects).padStart(6)} objects/op in ${name}`
}

async function counted(work: Work): Promise<Allocated> {
  const allocated = await countAllocations(work)
  if (allocated !== undefined) return allocated
  throw new MissingError('garbage was collected all the time; ask for fewer operations by --ops')
}

async function* read(scene: Scene, name: string, work: Work): AsyncGenerator<Phase, void, undefined> {
  yield* run(scene, name, work)
  await verifyLoaded(scene)
}

function getting({ driver, dataset, size }: Scene): Work {
  const some = someKeys(size)
  const key = Buffer.alloc(KEY_BYTES)
  return async function awaitedGets() {
    for (let i = 0; i < size.num; i++) {
      dataset.writeKey(i % some, key)
      check(await driver.get(key), i % some)
    }
  }
}

function gettingSynchronously({ driver, dataset, size }: Scene): Work {
  const some = someKeys(size)
  const key = Buffer.alloc(KEY_BYTES)
  return async function gets() {
    for (let i = 0; i < size.num; i++) {
      dataset.writeKey(i % some, key)
      check(driver.getSync?.(key), i % some)
    }
  }
}

function scanning({ driver, size }: Scene): Work {
  return async function scans() {
    for (let left = size.num; left > 0; left -= size.keys) {
      let next = 0
      await driver.scan({ limit: Math.min(left, size.keys) }, (_, value) => check(value, next++))
      if (next < Math.min(left, size.keys)) throw new VerificationError(`a scan ends before key ${next}`)
    }
  }
}

/** The values are made beforehand: to make one allocates a view. */
async function* putting(scene: Scene, name: string): AsyncGenerator<Phase, void, undefined> {
  const { driver, dataset, size } = scene
  const some = someKeys(size)
  const key = Buffer.alloc(KEY_BYTES)
  const values = Array.from({ length: size.num }, (_, i) => {
    const value = Buffer.alloc(dataset.valueBytes)
    dataset.writeValue(i % some, size.keys + i, value)
    return value
  })
  yield* run(scene, name, async function awaitedPuts() {
    for (let i = 0; i < size.num; i++) {
      dataset.writeKey(i % some, key)
      await driver.put(key, values[i])
    }
  })
  const model = loadedModel(scene)
  for (let i = 0; i < size.num; i++) model.note(i % some, size.keys + i)
  await model.verify(driver, SAMPLES, size.seed)
}

async function awaitNothing({ dataset, size }: Scene): Promise<void> {
  const some = someKeys(size)
  const key = Buffer.alloc(KEY_BYTES)
  for (let i = 0; i < size.num; i++) {
    dataset.writeKey(i % some, key)
    await nothing(key)
  }
}

async function nothing(key: Buffer): Promise<Buffer> {
  return key
}

function someKeys({ keys }: Size): number {
  return Math.ceil(keys / 100)
}

function check(value: Uint8Array | undefined, number: number): void {
  const found = keyNumberOf(value)
  if (found !== number) throw new VerificationError(`a read of key ${number} gives that of ${found}`)
}
