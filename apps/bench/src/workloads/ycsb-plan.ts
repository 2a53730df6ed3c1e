/**
 * What the clients of a YCSB workload do, decided a lap ahead: then it does not depend on which client is faster, and a
 * second plan with the same seed replays it.
 *
 *     key number   0 ……………… keys-1 │ keys ………………………………     loaded │ inserted, in order
 *
 * Keys are popular by zipf's law, the popular ones scattered among the others; in D, the newest are the most popular ones.
 * Reads ask for keys that were there when the lap began.
 */
import { scattered } from '../dataset.ts'
import { Random } from '../random.ts'
import { Zipf } from './zipf.ts'

/** What an operation does. */
export const READ = 0
/** Puts to a key that is there. */
export const UPDATE = 1
/** Puts a new key. */
export const INSERT = 2
/** Reads some entries from a key on. */
export const SCAN = 3
/** Gets a key and then puts it. */
export const READ_MODIFY_WRITE = 4

/** Shares of operations, in hundredths. */
export interface Mix {
  /** What most operations do, and what the others do. */
  readonly most: typeof READ | typeof SCAN
  readonly other: typeof READ | typeof UPDATE | typeof INSERT | typeof READ_MODIFY_WRITE
  /** Hundredths of the other one. */
  readonly share: number
  /** Whether the newest keys are the most popular ones. */
  readonly latest: boolean
}

/** The longest scan. */
const LONGEST_SCAN = 100

/** The operations of one lap. */
export class YcsbPlan {
  /** Of each operation: what it does, with which key, and how many entries it scans. */
  readonly kinds: Uint8Array
  readonly keys: Uint32Array
  readonly lengths: Uint8Array
  /** Keys that are there as the lap begins. */
  present: number
  readonly #mix: Mix
  readonly #loaded: number
  readonly #random: Random
  readonly #zipf: Zipf
  #inserted = 0

  constructor(mix: Mix, loaded: number, seed: number, operations: number) {
    this.#mix = mix
    this.#loaded = loaded
    this.present = loaded
    this.#random = new Random(seed)
    this.#zipf = new Zipf(new Random(seed + 1), loaded)
    this.kinds = new Uint8Array(operations)
    this.keys = new Uint32Array(operations)
    this.lengths = new Uint8Array(operations)
  }

  /** Decides the next lap. */
  next(): void {
    const { most, other, share } = this.#mix
    this.present = this.#loaded + this.#inserted
    for (let i = 0; i < this.kinds.length; i++) {
      const kind = this.#random.below(100) < share ? other : most
      this.kinds[i] = kind
      this.keys[i] = kind === INSERT ? this.#loaded + this.#inserted++ : this.#popular()
      this.lengths[i] = kind === SCAN ? 1 + this.#random.below(LONGEST_SCAN) : 0
    }
  }

  #popular(): number {
    const rank = this.#zipf.next()
    return this.#mix.latest ? this.present - 1 - rank : scattered(rank, this.#loaded)
  }
}

/** Whether an operation of this kind puts something. */
export function writes(kind: number): boolean {
  return kind !== READ && kind !== SCAN
}
