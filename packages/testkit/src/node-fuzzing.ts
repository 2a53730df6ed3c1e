/**
 * Fuzzing from a seed: inputs that are right are made wrong, and what comes of it is watched.
 *
 *     seeds, corpus ──► mutate ──► target ──► accepted, or refused by an error of the right kind
 *        ▲                                        │
 *        └──────── outcomes not met before ───────┘
 *
 * 1. A case is made of its number alone and of the inputs before it that were kept; a failure names the number, and
 *    `LSM_SEED` begins with it. Inputs that were kept on the way are in the corpus, or play no part in most failures.
 * 2. A target runs for as many seconds as `LSM_FUZZ_SECONDS` says; the corpus runs in any case.
 * 3. With `LSM_FUZZ_CORPUS` set, inputs with outcomes that were not met before are written to the corpus.
 *
 * Does not know what the bytes mean.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { Random, testSeed } from './random.ts'

/** What is fuzzed. */
export interface FuzzTarget {
  /** The folder of its corpus; made if it is not there and something is to be kept. */
  readonly corpus: string
  /** Inputs that are right. */
  readonly seeds: readonly Uint8Array[]
  /** Whether mutations must not change the length. */
  readonly keepLength?: boolean
  /** Puts checksums right, so that a mutation gets behind them. Called for half of the cases, or for all if there is no other. */
  readonly reseal?: (bytes: Uint8Array) => Uint8Array
  /** Whether every case is resealed. */
  readonly alwaysReseal?: boolean
  /** Takes an input in. Returns in a word what came of it, or throws. */
  run(bytes: Uint8Array, random: Random): unknown
  /** Whether the target may throw this. */
  accepts(error: unknown): boolean
}

/** What a run of a fuzzer did. */
export interface FuzzResult {
  readonly cases: number
  /** Different outcomes, by their words. */
  readonly outcomes: number
}

/** No case may take longer: it hangs, or all but. */
const LONGEST_CASE = 5000
/** Bytes that the process may grow by: nothing that is read may ask for more. */
const MOST_GROWTH = 512 << 20
/** Inputs that are kept to be mutated further. */
const MOST_KEPT = 256
/** Files in a corpus, about. */
const MOST_FILES = 40
/** Inputs larger than this are not written to the corpus. */
const LARGEST_KEPT = 4096

/** Fuzzes a target for its time. Throws at the first failure, naming the seed that gives it again. */
export async function fuzz(target: FuzzTarget): Promise<FuzzResult> {
  const seconds = Number(process.env['LSM_FUZZ_SECONDS'] ?? 4)
  const fuzzer = new Fuzzer(target)
  for (const { name, bytes } of readCorpus(target.corpus)) {
    await fuzzer.try(bytes, new Random(1), `corpus file ${name}`)
  }
  const first = testSeed(1)
  const end = Date.now() + 1000 * seconds
  let cases = 0
  for (; Date.now() < end || cases === 0; cases++) await fuzzer.case(first + cases)
  return { cases, outcomes: fuzzer.outcomes.size }
}

class Fuzzer {
  readonly outcomes = new Set<string>()
  readonly #target: FuzzTarget
  readonly #inputs: Uint8Array[]
  readonly #memory = process.memoryUsage.rss()

  constructor(target: FuzzTarget) {
    this.#target = target
    this.#inputs = [...target.seeds]
  }

  async case(seed: number): Promise<void> {
    const { reseal, alwaysReseal, keepLength } = this.#target
    const random = new Random(seed)
    let bytes = random.pick(this.#inputs)
    for (let i = random.skewed(6); i >= 0; i--) bytes = mutate(random, bytes, random.pick(this.#inputs), keepLength)
    if (reseal !== undefined && (alwaysReseal === true || random.oneIn(2))) bytes = reseal(bytes)
    await this.try(bytes, random, `seed ${seed}; replay with LSM_SEED=${seed}`)
  }

  async try(bytes: Uint8Array, random: Random, what: string): Promise<void> {
    const start = performance.now()
    const outcome = await this.#outcome(bytes, random, what)
    if (performance.now() - start > LONGEST_CASE) throw new Error(`a case took too long: ${what}`)
    if (process.memoryUsage.rss() - this.#memory > MOST_GROWTH) throw new Error(`memory has grown too much: ${what}`)
    if (this.outcomes.has(outcome)) return
    this.outcomes.add(outcome)
    if (this.#inputs.length < MOST_KEPT) this.#inputs.push(bytes)
    this.#write(bytes)
  }

  async #outcome(bytes: Uint8Array, random: Random, what: string): Promise<string> {
    try {
      return String(await this.#target.run(bytes, random))
    } catch (error) {
      if (this.#target.accepts(error)) return String(error).replace(/"(?:[^"\\]|\\.)*"|\d+/g, '#')
      const hex = bytes.length <= 512 ? `; the input is ${Buffer.from(bytes).toString('hex')}` : ''
      throw new Error(`${String(error)}: ${what}${hex}`, { cause: error })
    }
  }

  #write(bytes: Uint8Array): void {
    if (process.env['LSM_FUZZ_CORPUS'] === undefined || bytes.length > LARGEST_KEPT) return
    if (this.outcomes.size > MOST_FILES) return
    mkdirSync(this.#target.corpus, { recursive: true })
    writeFileSync(join(this.#target.corpus, `${String(this.outcomes.size).padStart(3, '0')}.bin`), bytes)
  }
}

function readCorpus(folder: string): { name: string; bytes: Uint8Array }[] {
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch {
    return []
  }
  return names.sort().map(name => ({ name, bytes: new Uint8Array(readFileSync(join(folder, name))) }))
}

/** Numbers at which something begins or ends: of a byte, of a varint, of a sign, of what is exact. */
const BOUNDARIES: readonly (readonly number[])[] = [
  [0],
  [1],
  [0x7f],
  [0x80],
  [0xff],
  [0, 0],
  [0xff, 0xff],
  [0xff, 0x7f],
  [0x80, 0x01],
  [0, 0, 0, 0],
  [0xff, 0xff, 0xff, 0x7f],
  [0xff, 0xff, 0xff, 0xff],
  [0, 0, 0, 0x80],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0x7f],
  [0x80, 0x80, 0x80, 0x80, 0x10],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0],
  [0, 0, 0, 0, 0, 0, 0x20, 0],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
]

/** Changes bytes in one place: a copy. `other` is what may be spliced in. */
export function mutate(random: Random, bytes: Uint8Array, other: Uint8Array, keepLength = false): Uint8Array {
  if (bytes.length === 0) return keepLength ? bytes : random.bytes(random.between(0, 16))
  const at = random.below(bytes.length)
  switch (random.below(keepLength ? 4 : 8)) {
    case 0:
      return overwritten(bytes, at, [bytes[at] ^ (1 << random.below(8))])
    case 1:
      return overwritten(bytes, at, random.bytes(random.between(1, 4)))
    case 2:
      return overwritten(bytes, at, random.pick(BOUNDARIES))
    case 3: {
      const from = random.below(other.length)
      return overwritten(bytes, at, other.subarray(from, from + 1 + random.skewed(64)))
    }
    case 4:
      return bytes.slice(0, at)
    case 5:
      return spliced(bytes, at, at, random.pick(BOUNDARIES))
    case 6:
      return spliced(bytes, at, at + 1 + random.skewed(32), [])
    default: {
      const from = random.below(other.length)
      return spliced(bytes, at, at + random.skewed(16), other.subarray(from, from + 1 + random.skewed(128)))
    }
  }
}

function overwritten(bytes: Uint8Array, at: number, by: ArrayLike<number>): Uint8Array {
  const copy = bytes.slice()
  for (let i = 0; i < by.length && at + i < copy.length; i++) copy[at + i] = by[i]
  return copy
}

/** `bytes[from, to)` replaced. */
function spliced(bytes: Uint8Array, from: number, to: number, by: ArrayLike<number>): Uint8Array {
  const rest = bytes.subarray(Math.min(to, bytes.length))
  const result = new Uint8Array(from + by.length + rest.length)
  result.set(bytes.subarray(0, from))
  result.set(by, from)
  result.set(rest, from + by.length)
  return result
}
