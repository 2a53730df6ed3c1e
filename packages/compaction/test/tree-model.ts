/**
 * A tree of a few keys with all its versions in plain arrays, to run plans on and to look what they did.
 *
 * A job is started with what the tree is at that moment and finished later, so that others run in between. It forgets
 * all that the contract of a plan lets it forget.
 *
 * 1. Level 0 is in the order of numbers, deeper levels are sorted and do not overlap.
 * 2. Of every key, what is in a newer place is newer.
 * 3. Every reader that there may be sees what was written.
 */
import { compareInternalKeys, internalKey, TYPE_DELETION, TYPE_VALUE } from '@lsm/base'
import type { Random } from '@lsm/testkit'

import { outputOf } from '../src/running-jobs.ts'
import type { LevelInput, Plan, RunningOutput, TableDescription, TreeDescription } from '../src/strategy.ts'

interface Version {
  readonly key: number
  readonly sequence: number
  readonly deleted: boolean
}

interface ModelTable extends TableDescription {
  readonly versions: readonly Version[]
}

/** A job that is running. */
export interface ModelJob {
  readonly plan: Plan
  readonly numbers: number
  readonly oldestReader: number
}

const HOUR = 3_600_000
const ENTRY_SIZE = 10
/** File numbers that a job gets. */
const NUMBERS = 1000

/** The tree. */
export class TreeModel {
  readonly levels: ModelTable[][] = Array.from({ length: 7 }, () => [])
  readonly pointers: (Uint8Array | undefined)[] = Array.from({ length: 7 })
  readonly jobs = new Set<ModelJob>()
  sequence = 0
  now = 1000 * HOUR
  /** The oldest sequence number that a snapshot holds. */
  snapshot: number | undefined
  readonly #random: Random
  readonly #tellsOutputs: boolean
  readonly #history = new Map<number, Version[]>()
  #nextNumber = 1

  /** @param tellsOutputs - whether descriptions say where running jobs write. */
  constructor(random: Random, tellsOutputs: boolean) {
    this.#random = random
    this.#tellsOutputs = tellsOutputs
  }

  /** The oldest sequence number that anybody reads as of. */
  get oldestReader(): number {
    return this.snapshot ?? this.sequence
  }

  describe(): TreeDescription {
    const plans = [...this.jobs].map(({ plan }) => plan)
    return {
      levels: this.levels,
      busy: new Set(plans.flatMap(plan => inputsOf(plan).flatMap(({ tables }) => tables.map(({ number }) => number)))),
      outputs: this.#tellsOutputs
        ? plans.map(outputOf).filter((output): output is RunningOutput => !!output)
        : undefined,
      now: this.now,
      pointers: this.pointers,
      oldestReader: this.oldestReader,
    }
  }

  /** Writes some versions, and puts them into a table of level 0, or of the level given, where nothing newer may be. */
  write(keys: readonly number[], level = 0): void {
    const versions = keys.map(key => {
      const version = { key, sequence: ++this.sequence, deleted: this.#random.oneIn(3) }
      this.#history.set(key, [version, ...(this.#history.get(key) ?? [])])
      return version
    })
    const number = this.#nextNumber++
    this.levels[level].unshift(this.#table(number, versions.sort(inOrder), this.now))
    if (level > 0) this.levels[level].sort(bySmallest)
  }

  start(plan: Plan): ModelJob {
    const job = { plan, numbers: this.#nextNumber, oldestReader: this.oldestReader }
    this.#nextNumber += NUMBERS
    this.jobs.add(job)
    return job
  }

  /** Does what a job's plan says; gives back the numbers of the tables that were written. */
  finish(job: ModelJob): number[] {
    const { plan } = job
    this.jobs.delete(job)
    for (const { level, tables } of inputsOf(plan)) {
      const gone = new Set(tables.map(({ number }) => number))
      const before = this.levels[level].length
      this.levels[level] = this.levels[level].filter(({ number }) => !gone.has(number))
      if (this.levels[level].length !== before - gone.size) throw new Error('an input is not in its level')
    }
    if (plan.kind === 'drop') return []
    const outputs = plan.kind === 'move' ? [plan.table as ModelTable] : this.#rewrite(job, plan.older)
    const [source] = inputsOf(plan)
    this.pointers[source.level] = source.tables[source.tables.length - 1].largest
    this.levels[plan.outputLevel].push(...outputs)
    this.levels[plan.outputLevel].sort(plan.outputLevel === 0 ? byNumber : bySmallest)
    return plan.kind === 'move' ? [] : outputs.map(({ number }) => number)
  }

  /** Throws if an invariant is broken. */
  check(mayForget = false): void {
    for (const [level, tables] of this.levels.entries()) this.#checkLevel(level, tables)
    const found = new Map<number, Version[]>()
    for (const { versions } of this.levels.flat()) for (const version of versions) push(found, version)
    for (const [key, versions] of found) {
      if (versions.some((version, at) => at > 0 && version.sequence >= versions[at - 1].sequence)) {
        throw new Error(
          `key ${key}: sequences ${versions.map(({ sequence }) => sequence).join(' ')} from new to old places`,
        )
      }
    }
    for (const [key, written] of this.#history) this.#checkReads(key, written, found.get(key) ?? [], mayForget)
  }

  /** Versions of keys in a range that no reader needs. */
  garbage(first: number, last: number): number {
    let count = 0
    for (const table of this.levels.flat()) {
      for (const { key, sequence, deleted } of table.versions) {
        if (key < first || key > last) continue
        const newer = this.#history.get(key)!.findLast(version => version.sequence > sequence)
        if ((newer !== undefined && newer.sequence <= this.oldestReader) || (deleted && sequence <= this.oldestReader))
          count++
      }
    }
    return count
  }

  #rewrite({ plan, numbers, oldestReader }: ModelJob, older: readonly LevelInput[]): ModelTable[] {
    const tables = inputsOf(plan).flatMap(input => input.tables) as ModelTable[]
    const kept: Version[] = []
    let key = -1
    let hidden = false
    for (const version of tables.flatMap(({ versions }) => versions).sort(inOrder)) {
      if (version.key !== key) hidden = false
      ;({ key } = version)
      const forgettable = version.deleted && version.sequence <= oldestReader && !covers(older, version.key)
      if (!hidden && !forgettable) kept.push(version)
      if (version.sequence <= oldestReader) hidden = true
    }
    const createdAt = Math.min(...tables.map(table => table.createdAt!))
    return this.#split(kept, plan).map((versions, at) => this.#table(numbers + at, versions, createdAt))
  }

  /** Cuts at the size of a table, now and then between two versions of a key, as LevelDB may. */
  #split(versions: readonly Version[], plan: Plan): Version[][] {
    const { outputLevel, maxTableSize } = plan as Extract<Plan, { kind: 'rewrite' }>
    const parts: Version[][] = []
    for (const version of versions) {
      const open = parts[parts.length - 1]
      const full = open === undefined || open.length * ENTRY_SIZE >= maxTableSize
      const apart = open?.[open.length - 1].key !== version.key || (outputLevel > 0 && this.#random.oneIn(2))
      if (open === undefined || (full && apart)) parts.push([version])
      else open.push(version)
    }
    return parts
  }

  #table(number: number, versions: readonly Version[], createdAt: number): ModelTable {
    return {
      number,
      size: versions.length * ENTRY_SIZE,
      smallest: keyOf(versions[0]),
      largest: keyOf(versions[versions.length - 1]),
      entries: versions.length,
      deletions: versions.filter(({ deleted }) => deleted).length,
      largestSequence: Math.max(...versions.map(({ sequence }) => sequence)),
      createdAt,
      writtenAt: this.now,
      versions,
    }
  }

  #checkLevel(level: number, tables: readonly ModelTable[]): void {
    for (let at = 1; at < tables.length; at++) {
      const [a, b] = [tables[at - 1], tables[at]]
      const ordered = level === 0 ? a.number > b.number : compare(a.largest, b.smallest) < 0
      if (!ordered) throw new Error(`level ${level}: #${a.number} is not before #${b.number}`)
    }
  }

  #checkReads(key: number, written: readonly Version[], found: readonly Version[], mayForget: boolean): void {
    for (let reader = this.oldestReader; reader <= this.sequence; reader++) {
      const [expected, seen] = [written, found].map(versions => versions.find(({ sequence }) => sequence <= reader))
      const value = (version: Version | undefined): number =>
        version === undefined || version.deleted ? 0 : version.sequence
      if (value(expected) === value(seen) || (mayForget && value(seen) === 0)) continue
      throw new Error(`key ${key} as of ${reader}: version ${value(seen)} instead of ${value(expected)}`)
    }
  }
}

/** The tables of a plan by level. */
export function inputsOf(plan: Plan): readonly LevelInput[] {
  return plan.kind === 'move' ? [{ level: plan.level, tables: [plan.table] }] : plan.inputs
}

/** The user key of a number: one to three bytes, in the same order. */
export function userKeyOf(key: number): Uint8Array {
  return key % 4 === 0 ? Uint8Array.of(key >> 2) : Uint8Array.of(key >> 2, ...Array<number>(key % 4).fill(7))
}

function keyOf({ key, sequence, deleted }: Version): Uint8Array {
  return internalKey(userKeyOf(key), sequence, deleted ? TYPE_DELETION : TYPE_VALUE)
}

function covers(older: readonly LevelInput[], key: number): boolean {
  const [first, last] = [Number.MAX_SAFE_INTEGER, 0].map(sequence => internalKey(userKeyOf(key), sequence, 0))
  return older.some(({ tables }) =>
    tables.some(({ smallest, largest }) => compare(smallest, last) <= 0 && compare(largest, first) >= 0),
  )
}

function push(map: Map<number, Version[]>, version: Version): void {
  const versions = map.get(version.key)
  if (versions === undefined) map.set(version.key, [version])
  else versions.push(version)
}

function inOrder(a: Version, b: Version): number {
  return a.key - b.key || b.sequence - a.sequence
}

function bySmallest(a: TableDescription, b: TableDescription): number {
  return compare(a.smallest, b.smallest)
}

function byNumber(a: TableDescription, b: TableDescription): number {
  return b.number - a.number
}

function compare(a: Uint8Array, b: Uint8Array): number {
  return compareInternalKeys(a, 0, a.length, b, 0, b.length)
}
