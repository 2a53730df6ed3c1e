/**
 * Reads of a database that was loaded and has settled. What each read gives is compared with what was written: its
 * stamp in the timed loop, everything afterwards.
 */
import { ENTRY_BYTES, KEY_BYTES, scattered } from '../dataset.ts'
import { Meter, type Phase } from '../meter.ts'
import { Model, VerificationError } from '../model.ts'
import { Random } from '../random.ts'
import { BatchWriter } from './batch-writer.ts'
import { LAP, type Scene, type Workload } from './workload.ts'

const SIZES = { full: { num: 1_000_000, keys: 1_000_000 }, quick: { num: 50_000, keys: 50_000 } } as const

/** Awaited gets of random keys. */
export const readrandom: Workload = {
  name: 'readrandom',
  summary: 'gets of random keys that are there, one awaited after the other',
  ...SIZES,
  async *run(scene) {
    const { driver, size } = scene
    await prepare(scene)
    const keys = new RandomKeys(scene)
    const meter = new Meter('readrandom')
    for (let done = 0; done < size.num; done += LAP) {
      for (let i = 0; i < LAP; i++) keys.check(await driver.get(keys.next()))
      await meter.lap(LAP, LAP * ENTRY_BYTES)
    }
    yield* finish(scene, meter)
  },
}

/** Gets that block. */
export const readrandomSync: Workload = {
  name: 'readrandom-sync',
  summary: 'gets of random keys that are there, by the synchronous call',
  ...SIZES,
  lacks: driver => (driver.getSync === undefined ? 'it has no synchronous get' : undefined),
  async *run(scene) {
    const { driver, size } = scene
    await prepare(scene)
    const keys = new RandomKeys(scene)
    const meter = new Meter('readrandom-sync')
    for (let done = 0; done < size.num; done += LAP) {
      for (let i = 0; i < LAP; i++) keys.check(driver.getSync?.(keys.next()))
      await meter.lap(LAP, LAP * ENTRY_BYTES)
    }
    yield* finish(scene, meter)
  },
}

/** Whole scans, until `num` entries were read. */
export const readseq: Workload = {
  name: 'readseq',
  summary: 'scans of everything, keys and values, from the first key to the last',
  ...SIZES,
  async *run(scene) {
    const { driver, size } = scene
    await prepare(scene)
    const meter = new Meter('readseq')
    for (let done = 0; done < size.num;) {
      let bytes = 0
      const limit = Math.min(size.keys, size.num - done)
      const count = await driver.scan({ limit }, (key, value) => {
        bytes += key.length + value.length
      })
      if (count !== limit) throw new VerificationError(`a scan gives ${count} entries, not ${limit}`)
      await meter.lap(count, bytes)
      done += count
    }
    yield* finish(scene, meter)
  },
}

async function prepare(scene: Scene): Promise<void> {
  const { keys } = scene.size
  await new BatchWriter(scene).write(0, keys, write => scattered(write, keys))
  await scene.settle(keys, keys)
}

async function* finish(scene: Scene, meter: Meter): AsyncGenerator<Phase, void, undefined> {
  yield meter.stop()
  const { driver, dataset, size } = scene
  const model = new Model(dataset, size.keys)
  for (let write = 0; write < size.keys; write++) model.note(scattered(write, size.keys), write)
  await model.verify(driver, LAP, size.seed)
}

/** Chooses keys, and looks at the stamp of what a read gave. */
class RandomKeys {
  readonly #scene: Scene
  readonly #random: Random
  readonly #key = Buffer.alloc(KEY_BYTES)
  #chosen = 0

  constructor(scene: Scene) {
    this.#scene = scene
    this.#random = new Random(scene.size.seed)
  }

  next(): Buffer {
    this.#chosen = this.#random.below(this.#scene.size.keys)
    this.#scene.dataset.writeKey(this.#chosen, this.#key)
    return this.#key
  }

  check(value: Uint8Array | undefined): void {
    const stamp = value === undefined ? -1 : (value[0] | (value[1] << 8) | (value[2] << 16) | (value[3] << 24)) >>> 0
    if (stamp !== this.#chosen) throw new VerificationError(`a get of key ${this.#chosen} gives that of ${stamp}`)
  }
}
