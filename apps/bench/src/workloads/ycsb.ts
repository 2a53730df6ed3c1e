/**
 * The workloads A to F of the Yahoo! Cloud Serving Benchmark, by 16 clients. What reads give is compared with what may be
 * there.
 */
import { ENTRY_BYTES, KEY_BYTES, keyNumberOf, VALUE_BYTES } from '../dataset.ts'
import { Meter, type Phase } from '../meter.ts'
import { VerificationError } from '../model.ts'
import { byClients } from './clients.ts'
import { load, loadedModel } from './load.ts'
import { goesOn, SAMPLES, sizes, type Scene, type Workload } from './workload.ts'
import { INSERT, READ, READ_MODIFY_WRITE, SCAN, UPDATE, writes, YcsbPlan, type Mix } from './ycsb-plan.ts'

const CLIENTS = 16

/** After so many operations all clients wait for the last one. */
const LAP = 25 * CLIENTS

/** The operation of a lap that is timed: all clients are at work. */
const SAMPLED = LAP / 2

/** A to F. */
export const ycsb: readonly Workload[] = [
  workload('a', 'half reads, half updates', { most: READ, other: UPDATE, share: 50, latest: false }),
  workload('b', '95 % reads, 5 % updates', { most: READ, other: UPDATE, share: 5, latest: false }),
  workload('c', 'reads', { most: READ, other: READ, share: 0, latest: false }),
  workload('d', '95 % reads of the latest, 5 % inserts', { most: READ, other: INSERT, share: 5, latest: true }),
  workload('e', '95 % scans of up to 100 entries, 5 % inserts', { most: SCAN, other: INSERT, share: 5, latest: false }),
  workload('f', 'half reads, half reads followed by a write', {
    most: READ,
    other: READ_MODIFY_WRITE,
    share: 50,
    latest: false,
  }),
]

function workload(letter: string, summary: string, mix: Mix): Workload {
  const name = `ycsb-${letter}`
  return { name, summary: `YCSB ${letter.toUpperCase()}: ${summary}`, ...sizes(), run: scene => run(scene, name, mix) }
}

async function* run(scene: Scene, name: string, mix: Mix): AsyncGenerator<Phase, void, undefined> {
  const { driver, size } = scene
  const { keys, seed } = size
  await load(scene)
  const plan = new YcsbPlan(mix, keys, seed, LAP)
  const clients = Array.from({ length: CLIENTS }, () => new Client(scene, plan))
  const meter = new Meter(name)
  while (goesOn(meter, size)) {
    plan.next()
    const firstWrite = keys + meter.operations
    await byClients(CLIENTS, LAP, (operation, client) => {
      const act = (): Promise<void> => clients[client].act(operation, firstWrite + operation)
      return operation === SAMPLED ? meter.sample(act) : act()
    })
    await meter.lap(LAP, LAP * ENTRY_BYTES)
  }
  yield meter.stop()
  const replay = new YcsbPlan(mix, keys, seed, LAP)
  const model = loadedModel(scene, mix.other === INSERT ? meter.operations : 0)
  let puts = 0
  for (let lap = keys; lap < keys + meter.operations; lap += LAP) {
    replay.next()
    for (let i = 0; i < LAP; i++) {
      if (!writes(replay.kinds[i])) continue
      model.note(replay.keys[i], lap + i, lap)
      puts++
    }
  }
  await scene.settle(keys + puts, model.live)
  await model.verify(driver, SAMPLES, seed)
}

class Client {
  readonly #scene: Scene
  readonly #plan: YcsbPlan
  readonly #key = Buffer.alloc(KEY_BYTES)
  readonly #value = Buffer.alloc(VALUE_BYTES)

  constructor(scene: Scene, plan: YcsbPlan) {
    this.#scene = scene
    this.#plan = plan
  }

  /** Does an operation of the lap; what it writes has this number. */
  async act(operation: number, write: number): Promise<void> {
    const { driver, dataset } = this.#scene
    const { kinds, keys } = this.#plan
    const kind = kinds[operation]
    const chosen = keys[operation]
    dataset.writeKey(chosen, this.#key)
    if (kind === SCAN) return this.#scan(chosen, operation)
    if (kind === READ || kind === READ_MODIFY_WRITE) {
      const found = keyNumberOf(await driver.get(this.#key))
      if (found !== chosen) throw new VerificationError(`a get of key ${chosen} gives that of ${found}`)
      if (kind === READ) return undefined
    }
    dataset.writeValue(chosen, write, this.#value)
    return driver.put(this.#key, this.#value)
  }

  async #scan(start: number, operation: number): Promise<void> {
    const { lengths, present } = this.#plan
    const limit = lengths[operation]
    let next = start
    await this.#scene.driver.scan({ gte: this.#key, limit }, (_, value) => {
      const found = keyNumberOf(value)
      if (found !== next && found < present) throw new VerificationError(`a scan gives key ${found}, not ${next}`)
      next++
    })
    if (next < Math.min(start + limit, present)) throw new VerificationError(`a scan ends before key ${next}`)
  }
}
