/**
 * A table in memory that counts what is done to its file, and fails long reads if told so.
 */
import { LsmError, type ReadableFile } from '@lsm/base'

/** See the file's header. */
export class CountingFile implements ReadableFile {
  readonly name: string = 'counted.ldb'
  readonly size: number
  reads = 0
  closes = 0
  /** Reads of more bytes fail. */
  longest: number = Number.POSITIVE_INFINITY
  readonly #bytes: Uint8Array

  constructor(contents: Uint8Array) {
    this.#bytes = contents
    this.size = contents.length
  }

  async read(position: number, target: Uint8Array, start: number, length: number): Promise<number> {
    return this.readSync(position, target, start, length)
  }

  readSync(position: number, target: Uint8Array, start: number, length: number): number {
    this.reads++
    if (length > this.longest) throw new LsmError('LSM_IO', 'a sector is bad', { file: this.name })
    const piece = this.#bytes.subarray(position, position + length)
    target.set(piece, start)
    return piece.length
  }

  close(): Promise<void> {
    this.closes++
    return Promise.resolve()
  }
}
