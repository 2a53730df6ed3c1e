/**
 * Look-ups in a database that was loaded and has settled. What each gives is compared with what was written: its stamp in
 * the timed loop, everything afterwards.
 *
 *     readrandom    any key                               hit
 *     readhot       one of a hundredth of the keys        hit
 *     readmissing   a key with a dot behind it            falls between two keys: no range of keys excludes it
 */
import { ENTRY_BYTES, KEY_BYTES, keyNumberOf, type Dataset } from '../dataset.ts'
import type { Driver } from '../drivers/driver.ts'
import { Meter, type Phase } from '../meter.ts'
import { VerificationError } from '../model.ts'
import { Random } from '../random.ts'
import { load, verifyLoaded } from './load.ts'
import { goesOn, LAP, sizes, type Scene, type Workload } from './workload.ts'

/** Each kind of look-up, awaited and by the synchronous call. */
export const reads: readonly Workload[] = [
  ...both('readrandom', 'gets of random keys that are there', scene => new PresentKeys(scene, 1)),
  ...both('readmissing', 'gets of random keys that are not there', scene => new MissingKeys(scene)),
  ...both('readhot', 'gets of random keys of the same hundredth', scene => new PresentKeys(scene, 100)),
]

/** Look-ups before anything is measured: code is compiled, caches are filled. */
const WARM_UP = 20_000

function both(name: string, summary: string, questions: (scene: Scene) => Questions): Workload[] {
  return [
    {
      name,
      summary: `${summary}, one awaited after the other`,
      ...sizes(),
      run: scene => read(scene, name, questions(scene), getAwaited),
    },
    {
      name: `${name}-sync`,
      summary: `${summary}, by the synchronous call`,
      ...sizes(),
      lacks: ({ driver }) => (driver.getSync === undefined ? 'no synchronous get' : undefined),
      run: scene => read(scene, `${name}-sync`, questions(scene), getSynchronously),
    },
  ]
}

type Asking = (driver: Driver, questions: Questions, count: number) => Promise<void>

async function getAwaited(driver: Driver, questions: Questions, count: number): Promise<void> {
  for (let i = 0; i < count; i++) questions.check(await driver.get(questions.next()))
}

async function getSynchronously(driver: Driver, questions: Questions, count: number): Promise<void> {
  for (let i = 0; i < count; i++) questions.check(driver.getSync?.(questions.next()))
}

async function* read(
  scene: Scene,
  name: string,
  questions: Questions,
  ask: Asking,
): AsyncGenerator<Phase, void, undefined> {
  const { driver, size } = scene
  await load(scene)
  await ask(driver, questions, Math.min(WARM_UP, size.num))
  const meter = new Meter(name)
  while (goesOn(meter, size)) {
    await meter.sample(() => ask(driver, questions, 1))
    await ask(driver, questions, LAP - 1)
    await meter.lap(LAP, LAP * questions.bytes)
  }
  yield meter.stop()
  await verifyLoaded(scene)
}

/** Chooses keys, and looks at what a read of the last one gave. */
interface Questions {
  /** Bytes that a question moves. */
  readonly bytes: number
  next(): Buffer
  check(value: Uint8Array | undefined): void
}

class PresentKeys implements Questions {
  readonly bytes: number = ENTRY_BYTES
  readonly #dataset: Dataset
  readonly #random: Random
  readonly #key = Buffer.alloc(KEY_BYTES)
  readonly #first: number
  readonly #among: number
  #chosen = 0

  /** @param share - only one in so many keys is asked for, all of them neighbours in the middle. */
  constructor({ dataset, size }: Scene, share: number) {
    this.#dataset = dataset
    this.#random = new Random(size.seed)
    this.#among = Math.ceil(size.keys / share)
    this.#first = (size.keys - this.#among) >> 1
  }

  next(): Buffer {
    this.#chosen = this.#first + this.#random.below(this.#among)
    this.#dataset.writeKey(this.#chosen, this.#key)
    return this.#key
  }

  check(value: Uint8Array | undefined): void {
    const found = keyNumberOf(value)
    if (found !== this.#chosen) throw new VerificationError(`a get of key ${this.#chosen} gives that of ${found}`)
  }
}

class MissingKeys implements Questions {
  readonly bytes: number = KEY_BYTES
  readonly #dataset: Dataset
  readonly #random: Random
  readonly #keys: number
  readonly #key = Buffer.alloc(KEY_BYTES + 1, '.')

  constructor({ dataset, size }: Scene) {
    this.#dataset = dataset
    this.#random = new Random(size.seed)
    this.#keys = size.keys
  }

  next(): Buffer {
    this.#dataset.writeKey(this.#random.below(this.#keys), this.#key)
    return this.#key
  }

  check(value: Uint8Array | undefined): void {
    if (value !== undefined) throw new VerificationError('a get of a key that nobody wrote gives a value')
  }
}
