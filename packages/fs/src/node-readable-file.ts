/**
 * A file being read by range through Node, in the thread pool or blocking.
 *
 * 1. A short read is continued: only the end of the file makes a result shorter than what was asked for.
 * 2. The file's number is given back only when no read is using it, lest the system give the number to another
 *    file under a read that has started.
 */
import type { ReadableFile } from '@lsm/base'
import { close, read, readSync } from 'node:fs'

import { checkPosition, checkRange } from './arguments.ts'
import { closedFile } from './closed-error.ts'
import { ioError } from './node-errors.ts'

/** The most that one read call is asked for: Node refuses 2 GiB. */
const MOST = 2 ** 30

/** See {@link ReadableFile}. */
export class NodeReadableFile implements ReadableFile {
  readonly name: string
  readonly size: number
  readonly #fd: number
  readonly #directory: string
  /** Reads that have started and not ended. */
  #reading = 0
  /** Set by `close()`; resolved by the last read to end. */
  #closing: Promise<void> | undefined
  #drained: (() => void) | undefined

  /** @param directory - the directory's path, for messages. */
  constructor(name: string, size: number, fd: number, directory: string) {
    this.name = name
    this.size = size
    this.#fd = fd
    this.#directory = directory
  }

  async read(position: number, target: Uint8Array, start: number, length: number): Promise<number> {
    this.#check(position, target, start, length)
    this.#reading++
    try {
      let done = 0
      while (done < length) {
        const count = await readSome(this.#fd, target, start + done, length - done, position + done)
        if (count === 0) break
        done += count
      }
      return done
    } catch (error) {
      throw this.#failed(error)
    } finally {
      if (--this.#reading === 0) this.#drained?.()
    }
  }

  readSync(position: number, target: Uint8Array, start: number, length: number): number {
    this.#check(position, target, start, length)
    try {
      let done = 0
      while (done < length) {
        const count = readSync(this.#fd, target, start + done, Math.min(length - done, MOST), position + done)
        if (count === 0) break
        done += count
      }
      return done
    } catch (error) {
      throw this.#failed(error)
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    if (this.#reading > 0) await new Promise<void>(resolve => (this.#drained = resolve))
    await new Promise<void>((resolve, reject) => {
      close(this.#fd, error => (error ? reject(this.#failed(error)) : resolve()))
    })
  }

  #check(position: number, target: Uint8Array, start: number, length: number): void {
    if (this.#closing !== undefined) throw closedFile(this.name)
    checkPosition(position)
    checkRange(target, start, start + length)
  }

  #failed(error: unknown): Error {
    return ioError(error, `read a file in ${this.#directory}`, this.name)
  }
}

function readSome(fd: number, target: Uint8Array, start: number, length: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, target, start, Math.min(length, MOST), position, (error, count) =>
      error ? reject(error) : resolve(count),
    )
  })
}
