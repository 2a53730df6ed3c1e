/**
 * A directory and its past: sets of names that changed together, and when each set became durable.
 *
 *     op 2: +000001.log          durable at 5
 *     op 7: +CURRENT -CURRENT.tmp   pending
 *
 * 1. A set is there whole or not at all.
 * 2. The names at some moment are the sets up to it, applied in order; after a crash some of the pending ones are missing.
 */
import type { RecordedFile } from './recorded-file.ts'

/** What a name leads to; `undefined` where it leads nowhere any more. */
export type RecordedNode = RecordedFile | RecordedFolder | undefined

/** A lock, and the process that has taken it. */
export interface RecordedLock {
  readonly holder: { readonly isKilled: boolean }
}

/** Names that change together. */
export interface NameChange {
  readonly operation: number
  readonly names: readonly (readonly [name: string, node: RecordedNode])[]
  /** The operation that made it durable: `Infinity` while it is not. */
  durableFrom: number
  /** Whether a failed sync has dropped it. */
  lost: boolean
}

/** See the file's header. */
export class RecordedFolder {
  /** What it holds now. */
  readonly names: Map<string, Exclude<RecordedNode, undefined>> = new Map()
  /** The locks that were taken, and by whom: those of a process that was killed are free. */
  readonly locks: Map<string, RecordedLock> = new Map()
  readonly #changes: NameChange[] = []

  /** Whether a lock is held. */
  isLocked(name: string): boolean {
    return this.locks.get(name)?.holder.isKilled === false
  }

  /** Whether any lock is held. */
  get isAnyLocked(): boolean {
    return [...this.locks.keys()].some(name => this.isLocked(name))
  }

  /** Changes names. */
  change(operation: number, names: NameChange['names'], durable = false): NameChange {
    const change = { operation, names, durableFrom: durable ? operation : Number.POSITIVE_INFINITY, lost: false }
    this.#changes.push(change)
    apply(this.names, names)
    return change
  }

  /** Makes pending changes durable: one, or all up to the operation `before`. */
  sync(operation: number, before: number, only?: NameChange): void {
    for (const change of this.#pending(before, only)) if (!change.lost) change.durableFrom = operation
  }

  /** Drops pending changes, as a failed sync does: no later sync makes them durable. */
  lose(before: number, only?: NameChange): void {
    for (const change of this.#pending(before, only)) change.lost = true
  }

  /** The names at some moment, where of each change there is what `left` gives. */
  at(operation: number, left: (change: NameChange) => NameChange['names']): RecordedFolder['names'] {
    const names: RecordedFolder['names'] = new Map()
    for (const change of this.#changes) {
      if (change.operation > operation) break
      apply(names, left(change))
    }
    return names
  }

  /** The number of the first change that was pending after an operation. */
  firstPending(operation: number): number {
    const first = this.#changes.find(change => change.operation <= operation && change.durableFrom > operation)
    return first?.operation ?? operation
  }

  /** Everything that any name ever led to, up to an operation. */
  everything(operation: number): Exclude<RecordedNode, undefined>[] {
    return this.#changes
      .filter(change => change.operation <= operation)
      .flatMap(({ names }) => names.map(([, node]) => node))
      .filter(node => node !== undefined)
  }

  #pending(before: number, only: NameChange | undefined): NameChange[] {
    if (only !== undefined) return [only]
    return this.#changes.filter(change => change.operation <= before && change.durableFrom === Number.POSITIVE_INFINITY)
  }
}

function apply(target: RecordedFolder['names'], names: NameChange['names']): void {
  for (const [name, node] of names) {
    if (node === undefined) target.delete(name)
    else target.set(name, node)
  }
}
