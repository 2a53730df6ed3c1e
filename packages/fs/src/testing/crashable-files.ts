/**
 * The two ways to hold a recorded file open.
 */
import type { ReadableFile, WritableFile } from '@lsm/base'

import { checkPosition, checkRange } from '../arguments.ts'
import { closedFile } from '../closed-error.ts'
import { flipped, type Disk } from './disk.ts'
import type { RecordedFile } from './recorded-file.ts'

/** See {@link WritableFile}. */
export class CrashableWritableFile implements WritableFile {
  readonly name: string
  readonly #file: RecordedFile
  readonly #disk: Disk
  #open = true

  constructor(name: string, file: RecordedFile, disk: Disk) {
    this.name = name
    this.#file = file
    this.#disk = disk
  }

  get size(): number {
    return this.#file.size
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    this.#check()
    checkRange(bytes, start, end)
    this.#disk.append(this.#file, this.name, bytes, start, end)
  }

  async sync(): Promise<void> {
    this.#check()
    await this.#disk.sync(this.#file, this.name)
  }

  /** A close that fails has closed the file, and says that what was written is lost. */
  async close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    this.#disk.step('close', this.name, 0, () => this.#file.lose(this.#file.size))
  }

  #check(): void {
    if (!this.#open) throw closedFile(this.name)
  }
}

/** See {@link ReadableFile}. */
export class CrashableReadableFile implements ReadableFile {
  readonly name: string
  readonly size: number
  readonly #file: RecordedFile
  readonly #disk: Disk
  #open = true

  constructor(name: string, file: RecordedFile, disk: Disk) {
    this.name = name
    this.size = file.size
    this.#file = file
    this.#disk = disk
  }

  async read(position: number, target: Uint8Array, start: number, length: number): Promise<number> {
    return this.readSync(position, target, start, length)
  }

  readSync(position: number, target: Uint8Array, start: number, length: number): number {
    if (!this.#open) throw closedFile(this.name)
    checkPosition(position)
    checkRange(target, start, start + length)
    const effect = this.#disk.step('read', this.name, length)
    const found = this.#file.bytes().subarray(position, position + length)
    target.set(found, start)
    if (effect === 'flip') flipped(target.subarray(start, start + found.length), this.#disk.last)
    return found.length
  }

  async close(): Promise<void> {
    this.#open = false
  }
}
