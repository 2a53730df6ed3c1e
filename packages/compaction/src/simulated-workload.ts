/**
 * A described workload, and the population of keys that it makes.
 *
 * Every operation writes a new key, overwrites one that was once written, or deletes one. Keys are numbers below 2^48:
 *
 *     uniform, zipf     a new key is anywhere, every place is as likely as any other
 *     sequential        a new key is greater than all before it, by the same step
 *
 * Which key is overwritten or deleted: each is as likely as any other, or, for zipf, its rank decides, and ranks are dealt
 * out at random, whatever a key's place or age. Ranks are put into classes of which each has half as many keys as the one
 * before; within a class all keys are equally likely. So a Zipf distribution becomes twenty uniform ones.
 *
 * Knows nothing of tables.
 */

/** Which keys are written. */
export type SimulatedKeys =
  | {
      /** Each new key is greater than all before it. */
      readonly kind: 'sequential'
    }
  | {
      /** Keys are anywhere, and all are overwritten equally often. */
      readonly kind: 'uniform'
    }
  | {
      /** Keys are anywhere, and few of them are overwritten often. */
      readonly kind: 'zipf'
      /** From 0 (uniform) on; YCSB's is 0.99. */
      readonly theta: number
    }

/** Some time in which the mix of operations is the same. */
export interface SimulatedPhase {
  /** Bytes of keys and values that the user writes. */
  readonly bytes: number
  /** The part of the operations, from 0 to 1, that overwrite a key which was written before. */
  readonly updates: number
  /** The part of them that delete one. All others write new keys. */
  readonly deletes: number
}

/** What the user does. */
export interface SimulatedWorkload {
  /** Which keys are written. */
  readonly keys: SimulatedKeys
  /** Bytes of key and value of one entry: anything from `least` to `most`, all as likely. */
  readonly entryBytes: {
    /** Bytes of the smallest. */
    readonly least: number
    /** Bytes of the largest. */
    readonly most: number
  }
  /** Bytes of a deletion. */
  readonly deletionBytes: number
  /** Bytes of operations that become one table. */
  readonly writeBufferBytes: number
  /** One after the other. */
  readonly phases: readonly SimulatedPhase[]
  /** For a simulation with real keys. */
  readonly seed: number
}

/** Keys that are overwritten equally often. */
export interface PopularityClass {
  /** The part of all keys that is in it. */
  readonly share: number
  /** The part of all overwriting that falls on it. */
  readonly mass: number
}

/** Keys are below this number. */
export const KEY_SPACE: number = 2 ** 48

const MOST_CLASSES = 20

/** Throws a `TypeError` if a workload cannot be. */
export function checkWorkload({ entryBytes, deletionBytes, writeBufferBytes, phases }: SimulatedWorkload): void {
  const sizes = [entryBytes.least, entryBytes.most - entryBytes.least + 1, deletionBytes, writeBufferBytes]
  if (!sizes.every(size => size > 0))
    throw new TypeError('sizes of entries, deletions and write buffers must be above 0')
  for (const { bytes, updates, deletes } of phases) {
    const parts = updates >= 0 && deletes >= 0 && updates + deletes <= 1
    if (!parts || !(bytes >= 0))
      throw new TypeError('updates and deletes of a phase must be parts of 1, its bytes 0 or more')
  }
}

/** Bytes of one operation, on average. */
export function meanOperationBytes(workload: SimulatedWorkload, { deletes }: SimulatedPhase): number {
  return meanEntryBytes(workload) * (1 - deletes) + workload.deletionBytes * deletes
}

/** Bytes of one entry with a value, on average. */
export function meanEntryBytes({ entryBytes: { least, most } }: SimulatedWorkload): number {
  return (least + most) / 2
}

/** How many keys the workload writes for the first time. */
export function countNewKeys(workload: SimulatedWorkload): number {
  const counts = workload.phases.map(phase => {
    const operations = phase.bytes / meanOperationBytes(workload, phase)
    return operations * Math.max(0, 1 - phase.updates - phase.deletes)
  })
  return Math.max(
    1,
    counts.reduce((sum, count) => sum + count, 0),
  )
}

/** The classes of a workload, the least popular first. */
export function popularityClasses(workload: SimulatedWorkload): PopularityClass[] {
  const { keys } = workload
  if (keys.kind !== 'zipf' || keys.theta === 0) return [{ share: 1, mass: 1 }]
  const count = countNewKeys(workload)
  const classes = Math.max(1, Math.min(MOST_CLASSES, Math.floor(Math.log2(count))))
  // The sum of rank^-theta from one rank to another, as an integral between the halves.
  const sumTo = (rank: number): number =>
    keys.theta === 1 ? Math.log(rank + 0.5) : (rank + 0.5) ** (1 - keys.theta) / (1 - keys.theta)
  const whole = sumTo(count) - sumTo(0)
  return Array.from({ length: classes }, (_, at) => {
    const to = 2 ** -at
    const from = at === classes - 1 ? 0 : to / 2
    return { share: to - from, mass: (sumTo(count * to) - sumTo(count * from)) / whole }
  })
}
