/**
 * Which operation goes wrong, and how.
 *
 *     fail   the call throws; what it covered of a file or directory is dropped if it was a sync or a close
 *     flip   one bit of what is appended or read is another
 *     lose   the call says that all is well, and what it wrote or synced never reaches the disk
 *
 * Faults are asked in the order in which they were made; the first that fits is the one.
 */
import { LsmError, type LsmErrorCode } from '@lsm/base'

import type { Operation } from './operations.ts'

/** Says which operations a fault is for. */
export type FaultPredicate = (operation: Operation) => boolean

/** How often a fault strikes. */
export interface FaultOptions {
  /** How many operations it strikes; `Infinity` for all from then on. Default 1. */
  readonly times?: number
}

/** A fault that was asked for. */
export interface InjectedFault {
  /** The operations that it has struck. */
  readonly struck: readonly Operation[]
  /** Ends it. */
  remove(): void
}

/** What happens to an operation. */
export type FaultEffect = { readonly kind: 'fail'; readonly code: LsmErrorCode } | { readonly kind: 'flip' | 'lose' }

interface Fault {
  readonly where: FaultPredicate
  readonly effect: FaultEffect
  readonly struck: Operation[]
  left: number
}

/** The faults of one file system. */
export class Faults {
  readonly #faults = new Set<Fault>()

  /** @param where - an operation's number, from which on it strikes, or what says which ones. */
  add(where: number | FaultPredicate, effect: FaultEffect, { times = 1 }: FaultOptions = {}): InjectedFault {
    const predicate = typeof where === 'function' ? where : ({ number }: Operation) => number >= where
    const fault: Fault = { where: predicate, effect, struck: [], left: times }
    this.#faults.add(fault)
    return { struck: fault.struck, remove: () => void this.#faults.delete(fault) }
  }

  /** What happens to an operation, if something does. */
  strike(operation: Operation, fits: (effect: FaultEffect) => boolean): FaultEffect | undefined {
    for (const fault of this.#faults) {
      if (!fits(fault.effect) || !fault.where(operation)) continue
      fault.struck.push(operation)
      if (--fault.left <= 0) this.#faults.delete(fault)
      return fault.effect
    }
    return undefined
  }
}

/** The error of an operation that was made to fail. */
export function injectedError(code: LsmErrorCode, { number, kind, file }: Operation): LsmError {
  return new LsmError(code, `operation ${number}, ${kind}, failed as the test asked`, { file })
}
