/** Logs as arrays of bytes, for the tests. */
import type { ReadableFile, WritableFile } from '@lsm/base'
import { MemoryFileSystem } from '@lsm/fs'

import { readLog, type LogReadOptions } from '../src/log-reader.ts'
import type { LogDamage, LogEnd } from '../src/log-visitor.ts'
import { LogWriter } from '../src/log-writer.ts'

/** What a log holds. */
export interface Contents {
  /** As {@link texts}. */
  readonly records: readonly string[]
  /** Where each record begins. */
  readonly offsets: readonly number[]
  readonly dropped: readonly LogDamage[]
  readonly end: LogEnd
}

/** The bytes of a log of records. */
export async function logOf(records: readonly Uint8Array[]): Promise<Uint8Array> {
  const directory = await new MemoryFileSystem().openDirectory('log', true)
  const writer = new LogWriter(await directory.createFile('000001.log'))
  for (const record of records) writer.append(record, 0, record.length)
  await writer.close()
  const file = await directory.openFile('000001.log')
  const bytes = new Uint8Array(file.size)
  await file.read(0, bytes, 0, bytes.length)
  return bytes
}

/** Reads a log from its bytes. */
export async function contentsOf(log: Uint8Array, options?: LogReadOptions): Promise<Contents> {
  const records: string[] = []
  const offsets: number[] = []
  const dropped: LogDamage[] = []
  const visitor = {
    record(bytes: Uint8Array, start: number, end: number, offset: number) {
      records.push(text(bytes.subarray(start, end)))
      offsets.push(offset)
    },
    dropped: (damage: LogDamage) => void dropped.push(damage),
  }
  const end = await readLog(new BytesFile(log), visitor, options)
  return { records, offsets, dropped, end }
}

/** A file that is an array of bytes; it may claim to be larger than it is. */
export class BytesFile implements ReadableFile {
  readonly name = '000001.log'
  readonly size: number
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array, size: number = bytes.length) {
    this.#bytes = bytes
    this.size = size
  }

  async read(position: number, target: Uint8Array, start: number, length: number): Promise<number> {
    const part = this.#bytes.subarray(position, position + length)
    target.set(part, start)
    return part.length
  }

  async close(): Promise<void> {}
}

/** A file whose appends and syncs fail when told to, as a broken disk's do. */
export class BrokenFile implements WritableFile {
  readonly name = '000001.log'
  size = 0
  appends = 0
  syncs = 0
  failing: Error | undefined

  append(_bytes: Uint8Array, start: number, end: number): void {
    this.appends++
    if (this.failing !== undefined) throw this.failing
    this.size += end - start
  }

  async sync(): Promise<void> {
    this.syncs++
    if (this.failing !== undefined) throw this.failing
  }

  async close(): Promise<void> {}
}

/** Bytes that tell records of different lengths and numbers apart. */
export function recordOf(length: number, number = length): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = i * 7 + number * 13 + (i >> 8)
  return bytes
}

/** Byte strings as Latin-1 text: large ones are compared a thousand times faster so. */
export function texts(records: readonly Uint8Array[]): string[] {
  return records.map(text)
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

/** Bytes written as hexadecimal digits; everything else between them is ignored. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/[0-9a-f]{2}/g) ?? [], byte => Number.parseInt(byte, 16))
}
