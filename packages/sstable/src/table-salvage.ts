/**
 * What can still be read of a damaged table: its undamaged data blocks, in order.
 *
 *     index readable     every block that it names, each by itself
 *     index lost         every block that is found by its checksum, and by what is in it a data block
 *
 * 1. A block is whole or lost: what comes out had a right checksum, right entries, and keys in their order.
 * 2. An index is not taken for data: its keys look like a table's, but its values are handles, one behind the other.
 *    One that is found without its footer is used.
 * 3. One block is in memory at a time.
 */
import {
  ByteReader,
  compareInternalKeys,
  LsmError,
  MAX_SEQUENCE,
  tagSequence,
  tagType,
  TYPE_VALUE,
  VALID,
} from '@lsm/base'
import type { ReadableFile } from '@lsm/base'

import { findBlocks } from './block-finder.ts'
import { BlockLoader } from './block-loader.ts'
import { PageIterator } from './page-iterator.ts'
import { readHandle, TRAILER_SIZE, type BlockHandle } from './table-format.ts'
import { TableReader, type TableReaderOptions } from './table-reader.ts'

/** A stretch of a table that is lost. */
export interface LostBlock {
  /** Where it begins in the file. */
  readonly offset: number
  /** How long it is. */
  readonly bytes: number
  /** What is wrong with it, in plain words. */
  readonly reason: string
}

/** Takes what is found. */
export interface SalvageVisitor {
  /** The page of the next undamaged data block, which `PageIterator` may walk. */
  block(contents: Uint8Array): Promise<void>
  /** A stretch that is lost; an empty one, at the end, where only the way to the blocks is. */
  lost(lost: LostBlock): void
}

/**
 * Reads what can be read of a table, and closes its file.
 *
 * @param size - the table's bytes, as far as they are known; the file may be longer, or shorter.
 * @returns the number of entries that the table's properties give, if they can be read.
 * @throws LsmError if the file cannot be read; damage goes to the visitor.
 */
export async function salvageTable(
  file: ReadableFile,
  size: number,
  options: TableReaderOptions,
  visitor: SalvageVisitor,
): Promise<number | undefined> {
  const salvage = new Salvage(file, Math.min(size, file.size), { ...options, verifyChecksums: true }, visitor)
  try {
    return await salvage.run()
  } finally {
    await file.close()
  }
}

class Salvage {
  readonly #file: ReadableFile
  readonly #size: number
  readonly #options: TableReaderOptions
  readonly #visitor: SalvageVisitor
  readonly #loader: BlockLoader
  #last: Uint8Array | undefined

  constructor(file: ReadableFile, size: number, options: TableReaderOptions, visitor: SalvageVisitor) {
    this.#file = file
    this.#size = size
    this.#options = options
    this.#visitor = visitor
    this.#loader = new BlockLoader(file, options)
  }

  async run(): Promise<number | undefined> {
    // The reader closes its file; this one is needed afterwards.
    const { name, size, read } = {
      name: this.#file.name,
      size: this.#file.size,
      read: this.#file.read.bind(this.#file),
    }
    let reader: TableReader
    try {
      reader = await TableReader.open({ name, size, read, close: async () => {} }, this.#size, this.#options)
    } catch (error) {
      await this.#withoutIndex(damageOf(error))
      return undefined
    }
    for (let i = 0; i < reader.blocks; i++) await this.#indexed(reader.handle(i), () => reader.loadPage(i))
    reader.release()
    return reader.properties?.entries
  }

  async #withoutIndex(reason: string): Promise<void> {
    const found = await findBlocks(this.#file, this.#size, this.#options)
    const named = await this.#findIndex(found)
    if (named !== undefined) {
      // The blocks may all be there, but no reader will find them.
      this.#visitor.lost({ offset: this.#size, bytes: 0, reason })
      for (const handle of named) await this.#indexed(handle, () => this.#load(handle))
      return
    }
    let end = 0
    for (const handle of found) {
      const block = await this.#dataBlock(handle)
      if (block === undefined) continue
      if (handle.offset > end) this.#visitor.lost({ offset: end, bytes: handle.offset - end, reason })
      end = handle.offset + handle.size + TRAILER_SIZE
      await this.#visitor.block(block)
    }
    if (end < this.#size) this.#visitor.lost({ offset: end, bytes: this.#size - end, reason })
  }

  /** Hands a block that an index names to the visitor, or its loss. */
  async #indexed(handle: BlockHandle, load: () => Promise<Uint8Array>): Promise<void> {
    let reason: string
    try {
      const block = await load()
      if (this.#isData(block)) return await this.#visitor.block(block)
      reason = 'the entries of the block make no sense, or are not in order'
    } catch (error) {
      reason = damageOf(error)
    }
    this.#visitor.lost({ offset: handle.offset, bytes: handle.size + TRAILER_SIZE, reason })
  }

  #load(handle: BlockHandle): Promise<Uint8Array> {
    return this.#loader.loadPage(handle)
  }

  /** The page of a block that was found, if it can be nothing but a data block. */
  async #dataBlock(handle: BlockHandle): Promise<Uint8Array | undefined> {
    try {
      const block = await this.#load(handle)
      if (this.#handlesIn(block, handle.offset) !== undefined) return undefined
      return this.#isData(block) ? block : undefined
    } catch (error) {
      damageOf(error)
      return undefined
    }
  }

  /** The data blocks that an index among the blocks found names; an index lies behind all of them, so the last one counts. */
  async #findIndex(found: readonly BlockHandle[]): Promise<readonly BlockHandle[] | undefined> {
    for (const handle of found.toReversed()) {
      try {
        const handles = this.#handlesIn(await this.#load(handle), handle.offset)
        if (handles !== undefined) return handles
      } catch (error) {
        damageOf(error)
      }
    }
    return undefined
  }

  /** What the values of a block name, if they all are handles of blocks one behind the other, from the beginning of the file on. */
  #handlesIn(page: Uint8Array, offset: number): BlockHandle[] | undefined {
    const entries = new PageIterator()
    entries.open(page)
    const handles: BlockHandle[] = []
    let end = 0
    try {
      for (let move = entries.seekToFirst(); move === VALID; move = entries.next()) {
        const handle = readHandle(new ByteReader(entries.value, entries.valueStart, entries.valueEnd, '', 0), offset)
        if (handle.offset !== end) return undefined
        handles.push(handle)
        end += handle.size + TRAILER_SIZE
      }
    } catch (error) {
      damageOf(error)
      return undefined
    }
    return handles.length === 0 ? undefined : handles
  }

  /** Whether all entries of a block could be a table's, and come after those before. */
  #isData(page: Uint8Array): boolean {
    const entries = new PageIterator()
    entries.open(page)
    let isFirst = true
    for (let move = entries.seekToFirst(); move === VALID; move = entries.next()) {
      const { key, keyEnd } = entries
      if (tagType(key, keyEnd) > TYPE_VALUE || tagSequence(key, keyEnd) > MAX_SEQUENCE) return false
      if (isFirst && !this.#comesNext(entries)) return false
      isFirst = false
    }
    if (!isFirst) this.#last = entries.key.slice(entries.keyStart, entries.keyEnd)
    return true
  }

  #comesNext({ key, keyStart, keyEnd }: PageIterator): boolean {
    return this.#last === undefined || compareInternalKeys(this.#last, 0, this.#last.length, key, keyStart, keyEnd) < 0
  }
}

/** What is damaged, in words; throws on again what is no damage. */
function damageOf(error: unknown): string {
  const isDamage = error instanceof LsmError && (error.code === 'LSM_CORRUPTION' || error.code === 'LSM_NOT_SUPPORTED')
  if (!isDamage) throw error
  const { message, file } = error
  const place = file === undefined ? -1 : message.lastIndexOf(` (${file}`)
  return place < 0 ? message : message.slice(0, place)
}
