/**
 * The contents of tables as real keys: slow and exact, to hold the expected numbers against.
 */
import { covered, type ContentsModel, type MergeBounds, type SimulatedContents } from './simulated-table.ts'
import {
  countNewKeys,
  KEY_SPACE,
  popularityClasses,
  type PopularityClass,
  type SimulatedPhase,
  type SimulatedWorkload,
} from './simulated-workload.ts'

/** One version of one key. */
interface Version {
  readonly key: number
  /** Greater is newer. */
  readonly sequence: number
  /** Bytes of the entry. */
  readonly bytes: number
  readonly deleted: boolean
}

/** A table's contents. */
export interface ExactContents extends SimulatedContents {
  /** By key, one version each. */
  readonly versions: readonly Version[]
}

/** Real contents of a workload's tables. */
export class ExactModel implements ContentsModel<ExactContents> {
  readonly #workload: SimulatedWorkload
  readonly #classes: readonly PopularityClass[]
  readonly #step: number
  readonly #random: () => number
  /** The keys of each class. */
  readonly #keys: number[][]
  /** The newest version of each key. */
  readonly #newest = new Map<number, Version>()
  #sequence = 0

  constructor(workload: SimulatedWorkload) {
    this.#workload = workload
    this.#classes = popularityClasses(workload)
    this.#keys = this.#classes.map(() => [])
    this.#step = workload.keys.kind === 'sequential' ? Math.max(1, Math.floor(KEY_SPACE / countNewKeys(workload))) : 0
    this.#random = randomFrom(workload.seed)
  }

  flush(operations: number, phase: SimulatedPhase): ExactContents | undefined {
    const buffer = new Map<number, Version>()
    for (let left = Math.round(operations); left > 0; left--) {
      const version = this.#next(phase)
      buffer.set(version.key, version)
      this.#newest.set(version.key, version)
    }
    return contentsOf([...buffer.values()].sort((a, b) => a.key - b.key))
  }

  merge(inputs: readonly ExactContents[], { older, maxTableSize }: MergeBounds): ExactContents[] {
    const newest = new Map<number, Version>()
    for (const { versions } of inputs) {
      for (const version of versions) if (!newest.has(version.key)) newest.set(version.key, version)
    }
    const kept = [...newest.values()].filter(({ key, deleted }) => !deleted || covered(older, key, key + 1))
    const outputs: Version[][] = []
    let bytes = Number.POSITIVE_INFINITY
    for (const version of kept.sort((a, b) => a.key - b.key)) {
      if (bytes >= maxTableSize) {
        outputs.push([])
        bytes = 0
      }
      outputs[outputs.length - 1].push(version)
      bytes += version.bytes
    }
    return outputs.map(versions => contentsOf(versions)!)
  }

  liveBytes(): number {
    let total = 0
    for (const { deleted, bytes } of this.#newest.values()) if (!deleted) total += bytes
    return total
  }

  extent(): number {
    return this.#step === 0 ? KEY_SPACE : Math.max(1, this.#newest.size * this.#step)
  }

  #next({ updates, deletes }: SimulatedPhase): Version {
    const { entryBytes, deletionBytes } = this.#workload
    const choice = this.#newest.size === 0 ? 1 : this.#random()
    const deleted = choice < deletes
    const key = choice < updates + deletes ? this.#existingKey() : this.#newKey()
    const drawn = entryBytes.least + Math.floor(this.#random() * (entryBytes.most - entryBytes.least + 1))
    return { key, sequence: ++this.#sequence, bytes: deleted ? deletionBytes : drawn, deleted }
  }

  #newKey(): number {
    const key = this.#step === 0 ? Math.floor(this.#random() * KEY_SPACE) : this.#newest.size * this.#step
    this.#drawnClass('share').push(key)
    return key
  }

  #existingKey(): number {
    for (;;) {
      const keys = this.#drawnClass('mass')
      if (keys.length > 0) return keys[Math.floor(this.#random() * keys.length)]
    }
  }

  #drawnClass(by: 'share' | 'mass'): number[] {
    let left = this.#random()
    for (const [at, popularity] of this.#classes.entries()) {
      left -= popularity[by]
      if (left < 0) return this.#keys[at]
    }
    return this.#keys[0]
  }
}

function contentsOf(versions: readonly Version[]): ExactContents | undefined {
  if (versions.length === 0) return undefined
  return {
    low: versions[0].key,
    high: versions[versions.length - 1].key + 1,
    bytes: versions.reduce((sum, { bytes }) => sum + bytes, 0),
    entries: versions.length,
    deletions: versions.filter(({ deleted }) => deleted).length,
    versions,
  }
}

/** Numbers from 0 to before 1 (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b_79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}
