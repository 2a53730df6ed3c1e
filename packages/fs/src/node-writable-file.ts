/**
 * A file being written through Node.
 *
 * Appends block the thread for the time of one write call, about 2 µs for a record of 150 bytes into the page cache;
 * a trip through the thread pool costs ten times that. Syncs go through the pool.
 *
 * 1. Every write names its position, `size`, so a failed append that is tried again lands on its own remains.
 * 2. What a failed append left behind is cut off; where even that fails, the file takes no more appends.
 * 3. Syncing uses the file handle and not its number: `fs.fsyncSync` always throws under Node's permission model.
 */
import type { LsmError, WritableFile } from '@lsm/base'
import { ftruncateSync, writeSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'

import { checkRange } from './arguments.ts'
import { closedFile } from './closed-error.ts'
import { errorCode, ioError } from './node-errors.ts'

/** The most that one write call gets: Node refuses 2 GiB. */
const MOST = 2 ** 30

/** See {@link WritableFile}. */
export class NodeWritableFile implements WritableFile {
  readonly name: string
  size = 0
  readonly #handle: FileHandle
  readonly #directory: string
  /** The number of the open file, or -1 once it is closed. */
  #fd: number
  #failure: LsmError | undefined

  /** @param directory - the directory's path, for messages. */
  constructor(name: string, handle: FileHandle, directory: string) {
    this.name = name
    this.#handle = handle
    this.#fd = handle.fd
    this.#directory = directory
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    if (this.#fd === -1) throw closedFile(this.name)
    if (this.#failure !== undefined) throw this.#failure
    checkRange(bytes, start, end)
    try {
      writeAll(this.#fd, bytes, start, end, this.size)
    } catch (error) {
      throw this.#undo(ioError(error, `append to a file in ${this.#directory}`, this.name))
    }
    this.size += end - start
  }

  async sync(): Promise<void> {
    if (this.#fd === -1) throw closedFile(this.name)
    try {
      await this.#handle.datasync()
    } catch (error) {
      throw ioError(error, `sync a file in ${this.#directory}`, this.name)
    }
  }

  async close(): Promise<void> {
    if (this.#fd === -1) return
    this.#fd = -1
    try {
      await this.#handle.close()
    } catch (error) {
      throw ioError(error, `close a file in ${this.#directory}`, this.name)
    }
  }

  /** Cuts off what a failed append has written. */
  #undo(failure: LsmError): LsmError {
    try {
      ftruncateSync(this.#fd, this.size)
    } catch {
      this.#failure = failure
    }
    return failure
  }
}

/** Writes it all at `position`: a short write is continued, an interrupted one repeated. */
function writeAll(fd: number, bytes: Uint8Array, start: number, end: number, position: number): void {
  for (let from = start; from < end;) {
    try {
      from += writeSync(fd, bytes, from, Math.min(end - from, MOST), position + from - start)
    } catch (error) {
      const code = errorCode(error)
      if (code !== 'EINTR' && code !== 'EAGAIN') throw error
    }
  }
}
