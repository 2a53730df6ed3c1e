/**
 * What the parts of one crashable file system share: the count of its operations, its faults and its space.
 *
 * One process uses it at a time. When that is killed, what it had opened is of no use any more: each of its calls fails, and is no
 * operation.
 */
import { LsmError, type LsmErrorCode } from '@lsm/base'

import { Faults, injectedError, type FaultEffect } from './faults.ts'
import type { Operation, OperationKind } from './operations.ts'
import type { RecordedFile } from './recorded-file.ts'

/** See the file's header. */
export class Disk {
  readonly operations: Operation[]
  readonly faults: Faults
  /** Bytes that files with names may have together, and that they have. */
  readonly space: { capacity: number; used: number }
  readonly pause: () => Promise<void>
  #isKilled = false

  /** @param before - the same disk as the process before has used it. */
  constructor(pause: () => Promise<void>, before?: Disk) {
    this.pause = pause
    this.operations = before?.operations ?? []
    this.faults = before?.faults ?? new Faults()
    this.space = before?.space ?? { capacity: Number.POSITIVE_INFINITY, used: 0 }
  }

  /** Whether the process that used it was killed. */
  get isKilled(): boolean {
    return this.#isKilled
  }

  /** Kills the process that uses it; gives the disk for the next one. */
  kill(): Disk {
    this.#isKilled = true
    return new Disk(this.pause, this)
  }

  /** Number of the last operation. */
  get last(): number {
    return this.operations.length
  }

  /** Counts an operation, which throws if it is one to fail; gives what else is to happen to it. */
  step(kind: OperationKind, file: string, bytes = 0, onFailure?: () => void): FaultEffect['kind'] | undefined {
    if (this.#isKilled) throw new LsmError('LSM_IO', 'the process that opened it was killed', { file })
    const operation = { number: this.operations.length + 1, kind, file, bytes }
    this.operations.push(operation)
    const effect = this.faults.strike(operation, ({ kind: what }) => what === 'fail' || APPLIES[what].has(kind))
    if (effect?.kind !== 'fail') return effect?.kind
    onFailure?.()
    throw injectedError(effect.code, operation)
  }

  /** Appends, if there is room. */
  append(file: RecordedFile, name: string, bytes: Uint8Array, start: number, end: number): void {
    const effect = this.step('append', name, end - start)
    const { space } = this
    if (space.used + end - start > space.capacity) throw diskFull(name, space.capacity)
    if (effect === 'flip') file.append(this.last, flipped(bytes.slice(start, end), this.last), 0, end - start)
    else file.append(this.last, bytes, start, end)
    if (effect === 'lose') file.loseAppended(end - start)
    space.used += end - start
  }

  /** Makes durable what was in the file when this was called. */
  async sync(file: RecordedFile, name: string): Promise<void> {
    const { size } = file
    await this.pause()
    const effect = this.step('sync', name, 0, () => file.lose(size))
    if (effect === 'lose') file.lose(size)
    else file.sync(this.last, size)
  }
}

const APPLIES: Readonly<Record<'flip' | 'lose', ReadonlySet<OperationKind>>> = {
  flip: new Set(['append', 'read']),
  lose: new Set(['append', 'sync', 'sync-directory']),
}

/** Flips one bit, chosen by a number. */
export function flipped(bytes: Uint8Array, choice: number): Uint8Array {
  if (bytes.length > 0) bytes[(choice * 7919) % bytes.length] ^= 1 << (choice % 8)
  return bytes
}

function diskFull(file: string, capacity: number): LsmError {
  return new LsmError('LSM_DISK_FULL' satisfies LsmErrorCode, `all ${capacity} bytes are in use`, { file })
}
