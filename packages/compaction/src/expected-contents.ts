/**
 * The contents of tables as expected numbers: ten terabytes in seconds.
 *
 * A table is a few stretches of keys in which its entries lie evenly; in each, for every class of popularity:
 *
 *     values, deletions      of keys of which nothing older exists in the tree      "fresh"
 *     values, deletions      that hide something older                              "hiding"
 *
 * Merging a newer stretch A with an older B: whatever in A hides something hides one of the P keys that existed when A's
 * first entry was written, each as likely as any other. Hence
 *
 *     of A's hiding entries, the part |B| / P has its older version in B; that one goes
 *     if the one that went was fresh, what hid it is now fresh
 *
 * Where nothing older is below, everything that is left is fresh, and deletions go.
 *
 * What it leaves out: chance (every number is its mean), gaps of sparse tables, how outputs are cut by grandparents.
 */
import { covered, type ContentsModel, type MergeBounds, type SimulatedContents } from './simulated-table.ts'
import {
  countNewKeys,
  KEY_SPACE,
  meanEntryBytes,
  popularityClasses,
  type PopularityClass,
  type SimulatedPhase,
  type SimulatedWorkload,
} from './simulated-workload.ts'

/** Keys in which entries lie evenly. */
interface Stretch {
  readonly low: number
  readonly high: number
  /** For each class: fresh values, fresh deletions, hiding values, hiding deletions. */
  readonly counts: readonly number[]
  /** Keys that existed, everywhere, when its first entry was written. */
  readonly existed: number
}

/** A table's contents. */
export interface ExpectedContents extends SimulatedContents {
  /** Ascending, without overlap. */
  readonly stretches: readonly Stretch[]
}

/** Counts of one class. */
const KINDS = 4
/** Neighbouring stretches are taken together if one is not so many times as dense as the other. */
const SIMILAR = 1.5
/** Stretches of a table. */
const MOST_STRETCHES = 8

/** Expected contents of a workload's tables. */
export class ExpectedModel implements ContentsModel<ExpectedContents> {
  readonly #classes: readonly PopularityClass[]
  readonly #entryBytes: number
  readonly #deletionBytes: number
  /** Keys from one new key to the next; 0 where they are anywhere. */
  readonly #step: number
  /** Keys that were ever written. */
  #existing = 0
  /** Of each class, the keys that are deleted now. */
  readonly #deleted: number[]

  constructor(workload: SimulatedWorkload) {
    this.#classes = popularityClasses(workload)
    this.#entryBytes = meanEntryBytes(workload)
    this.#deletionBytes = workload.deletionBytes
    this.#step = workload.keys.kind === 'sequential' ? Math.max(1, Math.floor(KEY_SPACE / countNewKeys(workload))) : 0
    this.#deleted = this.#classes.map(() => 0)
  }

  flush(operations: number, phase: SimulatedPhase): ExpectedContents | undefined {
    const before = this.#existing
    const added = operations * Math.max(0, 1 - phase.updates - phase.deletes)
    const old: number[] = []
    const fresh: number[] = []
    for (const at of this.#classes.keys()) {
      const flushed = this.#flushClass(at, operations, added, phase)
      old.push(0, 0, flushed[2], flushed[3])
      fresh.push(flushed[0], flushed[1], 0, 0)
    }
    this.#existing += added
    const [low, middle, high] = [0, before * this.#step, this.extent()].map(Math.floor)
    const stretches =
      this.#step === 0
        ? [{ low, high, counts: old.map((count, at) => count + fresh[at]), existed: before }]
        : [
            { low, high: middle, counts: old, existed: before },
            { low: middle, high, counts: fresh, existed: before },
          ]
    return this.#contents(stretches.filter(stretch => stretch.high > stretch.low && sum(stretch.counts) > 0))
  }

  merge(inputs: readonly ExpectedContents[], { older, maxTableSize }: MergeBounds): ExpectedContents[] {
    const merged = this.#mergeStretches(inputs, older)
    const outputs: ExpectedContents[] = []
    const total = merged.reduce((bytes, { counts }) => bytes + this.#bytesOf(counts), 0)
    // Tables of equal size: a real job would fill all but the last, which then is small.
    const size = total / Math.max(1, Math.ceil(total / maxTableSize))
    let open: Stretch[] = []
    let room = size
    for (let rest of merged) {
      for (;;) {
        const bytes = this.#bytesOf(rest.counts)
        if (bytes <= room * 1.000_001) {
          open.push(rest)
          room -= bytes
          break
        }
        const [head, tail] = cut(rest, room / bytes)
        if (head !== undefined) open.push(head)
        if (open.length > 0) outputs.push(this.#contents(open)!)
        open = []
        room = size
        if (tail === undefined) break
        rest = tail
      }
    }
    const last = this.#contents(open)
    return last === undefined ? outputs : [...outputs, last]
  }

  liveBytes(): number {
    return (this.#existing - sum(this.#deleted)) * this.#entryBytes
  }

  extent(): number {
    return this.#step === 0 ? KEY_SPACE : Math.max(1, Math.floor(this.#existing * this.#step))
  }

  /** What a write buffer holds of one class in the end. */
  #flushClass(at: number, operations: number, added: number, { updates, deletes }: SimulatedPhase): number[] {
    const { share, mass } = this.#classes[at]
    const existing = this.#existing * share
    const fresh = added * share
    const overwriting = operations * (updates + deletes) * mass
    const deletions = overwriting > 0 ? deletes / (updates + deletes) : 0
    // On average, half of the new keys are there to be overwritten.
    const onFresh = fresh > 0 ? (overwriting * fresh) / 2 / (existing + fresh / 2) : 0
    const hit = distinct(overwriting - onFresh, existing)
    const hitFresh = distinct(onFresh, fresh)
    const untouched = this.#deleted[at] * (existing > 0 ? 1 - hit / existing : 1)
    this.#deleted[at] = untouched + (hit + hitFresh) * deletions
    const freshDeletions = hitFresh * deletions
    return [fresh - freshDeletions, freshDeletions, hit * (1 - deletions), hit * deletions]
  }

  #mergeStretches(inputs: readonly ExpectedContents[], older: MergeBounds['older']): Stretch[] {
    const bounds = [...new Set(inputs.flatMap(({ stretches }) => stretches.flatMap(({ low, high }) => [low, high])))]
    bounds.sort((a, b) => a - b)
    // The stretch of each input that may hold the keys at hand.
    const fingers = inputs.map(() => 0)
    const merged: Stretch[] = []
    for (let at = 0; at + 1 < bounds.length; at++) {
      const [low, high] = [bounds[at], bounds[at + 1]]
      let counts: number[] | undefined
      let existed = 0
      for (let input = inputs.length - 1; input >= 0; input--) {
        const { stretches } = inputs[input]
        while (fingers[input] < stretches.length && stretches[fingers[input]].high <= low) fingers[input]++
        const stretch = stretches[fingers[input]]
        if (stretch === undefined || stretch.low >= high) continue
        const newer = scaled(stretch.counts, (high - low) / (stretch.high - stretch.low))
        if (counts === undefined) {
          counts = newer
          ;({ existed } = stretch)
        } else {
          counts = this.#mergeCounts(newer, counts, this.#existingIn(low, high, stretch.existed))
          existed = Math.min(existed, stretch.existed)
        }
      }
      if (counts === undefined) continue
      if (!covered(older, low, high)) settle(counts)
      if (sum(counts) > 0) merged.push({ low, high, counts, existed })
    }
    return merged
  }

  /** Newer over older, where so many keys existed. */
  #mergeCounts(newer: readonly number[], older: readonly number[], existed: number): number[] {
    const merged: number[] = []
    for (const [at, { share }] of this.#classes.entries()) {
      const i = at * KINDS
      const fresh = older[i] + older[i + 1]
      const hiding = newer[i + 2] + newer[i + 3]
      const keys = Math.max(existed * share, fresh + older[i + 2] + older[i + 3], hiding, Number.MIN_VALUE)
      const kept = 1 - hiding / keys
      const nowFresh = fresh / keys
      merged.push(
        newer[i] + older[i] * kept + newer[i + 2] * nowFresh,
        newer[i + 1] + older[i + 1] * kept + newer[i + 3] * nowFresh,
        newer[i + 2] * (1 - nowFresh) + older[i + 2] * kept,
        newer[i + 3] * (1 - nowFresh) + older[i + 3] * kept,
      )
    }
    return merged
  }

  /** How many of the first `existed` keys are in a range. */
  #existingIn(low: number, high: number, existed: number): number {
    if (this.#step === 0) return (existed * (high - low)) / KEY_SPACE
    return Math.max(0, Math.min(high, existed * this.#step) - low) / this.#step
  }

  #contents(parts: readonly Stretch[]): ExpectedContents | undefined {
    if (parts.length === 0) return undefined
    const stretches = coalesced(parts)
    const entries = stretches.reduce((count, { counts }) => count + sum(counts), 0)
    const deletions = stretches.reduce((count, { counts }) => count + deletionsOf(counts), 0)
    const bytes = (entries - deletions) * this.#entryBytes + deletions * this.#deletionBytes
    return { low: stretches[0].low, high: stretches[stretches.length - 1].high, bytes, entries, deletions, stretches }
  }

  #bytesOf(counts: readonly number[]): number {
    const deletions = deletionsOf(counts)
    return (sum(counts) - deletions) * this.#entryBytes + deletions * this.#deletionBytes
  }
}

/** How many different ones of so many keys so many draws are expected to hit. */
function distinct(draws: number, keys: number): number {
  return keys <= 0 ? 0 : -keys * Math.expm1(-draws / keys)
}

/** Nothing older is below: what hides nothing is fresh, and deletions go. In place. */
function settle(counts: number[]): void {
  for (let i = 0; i < counts.length; i += KINDS) {
    counts[i] += counts[i + 2]
    counts[i + 1] = counts[i + 2] = counts[i + 3] = 0
  }
}

/** The first part of a stretch, and the rest. */
function cut(stretch: Stretch, part: number): [Stretch | undefined, Stretch | undefined] {
  const { low, high, counts } = stretch
  const middle = Math.round(low + (high - low) * part)
  if (middle <= low) return [undefined, stretch]
  if (middle >= high) return [stretch, undefined]
  return [
    { ...stretch, high: middle, counts: scaled(counts, part) },
    { ...stretch, low: middle, counts: scaled(counts, 1 - part) },
  ]
}

/** Neighbours of similar density as one, and the more of them the more there are. */
function coalesced(parts: readonly Stretch[]): readonly Stretch[] {
  if (parts.length === 1) return parts
  for (let similar = SIMILAR; ; similar *= 2) {
    const stretches: Stretch[] = []
    for (const part of parts) {
      const last = stretches[stretches.length - 1]
      const ratio = last === undefined ? Number.POSITIVE_INFINITY : density(last) / density(part)
      if (ratio > similar || ratio < 1 / similar) stretches.push(part)
      else stretches[stretches.length - 1] = joined(last, part)
    }
    if (stretches.length <= MOST_STRETCHES) return stretches
  }
}

function joined(a: Stretch, b: Stretch): Stretch {
  const [inA, inB] = [sum(a.counts), sum(b.counts)]
  const existed = (a.existed * inA + b.existed * inB) / (inA + inB)
  return { low: a.low, high: b.high, counts: a.counts.map((count, at) => count + b.counts[at]), existed }
}

function density({ low, high, counts }: Stretch): number {
  return sum(counts) / (high - low)
}

function scaled(counts: readonly number[], factor: number): number[] {
  const result: number[] = []
  for (let i = 0; i < counts.length; i++) result.push(counts[i] * factor)
  return result
}

function sum(counts: readonly number[]): number {
  let total = 0
  for (let i = 0; i < counts.length; i++) total += counts[i]
  return total
}

function deletionsOf(counts: readonly number[]): number {
  let total = 0
  for (let i = 0; i < counts.length; i += KINDS) total += counts[i + 1] + counts[i + 3]
  return total
}
