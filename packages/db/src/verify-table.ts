/**
 * Is a table what its writer made, and what the MANIFEST says of it?
 *
 * 1. Every byte is looked at: the parts behind the data, every data block, and whether something lies between them.
 * 2. A damaged block hides nothing: the blocks around it are looked at all the same.
 * 3. Every key is held against the filters, since a key that they deny is never looked for.
 * 4. One block is in memory at a time, with the table's index and filters.
 *
 * Does not know other tables.
 */
import {
  equalBytes,
  hashKey,
  TAG_SIZE,
  tagSequence,
  tagType,
  TYPE_DELETION,
  TYPE_VALUE,
  VALID,
  type ReadableFile,
} from '@lsm/base'
import type { FileMetadata } from '@lsm/manifest'
import {
  PageIterator,
  tableParts,
  TableReader,
  type TablePart,
  type TableProperties,
  type TableReaderOptions,
} from '@lsm/sstable'

import type { Findings } from './verify-report.ts'

const UNREADABLE = 'no key of the table can be read'
const BLOCK_UNREADABLE = 'the keys of this block cannot be read; compaction stops at it'
const UNTRUE = 'the table does not hold what was put into it'

/** Bytes of a block's type and checksum. */
const TRAILER = 5

/** What a table is held against. */
export interface ExpectedTable {
  /** The table's bytes; the file may be longer. */
  readonly size: number
  /** What the MANIFEST says, if it could be read. */
  readonly metadata: FileMetadata | undefined
  /** No entry may have a greater sequence number. */
  readonly lastSequence: number
}

/** Examines a table, and closes its file. */
export async function verifyTable(
  file: ReadableFile,
  expected: ExpectedTable,
  options: TableReaderOptions,
  findings: Findings,
): Promise<void> {
  const { size } = expected
  if (file.size > size) findings.add(file.name, size, `${file.size - size} bytes lie behind the table`, 'none')
  const parts = await tableParts(file, size, options).catch(async (error: unknown) => {
    await file.close()
    throw error
  })
  for (const { name, error } of parts) {
    if (error !== undefined) findings.addError(error, file.name, effectOf(name))
  }
  let reader: TableReader
  try {
    reader = await TableReader.open(file, size, options)
  } catch (error) {
    if (findings.of(file.name).length === 0) findings.addError(error, file.name, UNREADABLE)
    return
  }
  try {
    await new TableWalk(reader, expected, findings).run(parts)
  } finally {
    reader.release()
    await reader.closed()
  }
}

function effectOf(part: string): string {
  if (part === 'footer' || part === 'index') return UNREADABLE
  if (part === 'metaindex') return 'filters and properties are not found: look-ups are slower'
  if (part.startsWith('filter.') || part.includes('ilter')) return 'look-ups read blocks that they could spare'
  return 'none for reading'
}

/** Walks one table. */
class TableWalk {
  readonly #reader: TableReader
  readonly #expected: ExpectedTable
  readonly #findings: Findings
  readonly #counts = { entries: 0, deletions: 0 }
  readonly #seen = { rawKeySize: 0, rawValueSize: 0, smallestSequence: Number.POSITIVE_INFINITY, largestSequence: 0 }
  readonly #iterator = new PageIterator()
  #first: Uint8Array | undefined
  #last: Uint8Array | undefined
  #damagedBlocks = 0
  #denied = 0
  #tooNew = 0

  constructor(reader: TableReader, expected: ExpectedTable, findings: Findings) {
    this.#reader = reader
    this.#expected = expected
    this.#findings = findings
  }

  async run(parts: readonly TablePart[]): Promise<void> {
    const { name, blocks, problems } = this.#reader
    this.#findings.counts.set(name, this.#counts)
    this.#checkGaps(parts)
    for (let i = 0; i < blocks; i++) await this.#block(i)
    if (problems.length > 0 && parts.every(({ error }) => error === undefined)) {
      this.#problem(0, problems[0], 'look-ups are slower')
    }
    this.#checkBounds()
    this.#checkProperties()
    if (this.#denied > 0) {
      this.#problem(0, `the filter denies ${this.#denied} keys of the table`, 'look-ups miss them; iterators do not')
    }
    if (this.#tooNew > 0) {
      const what = `${this.#tooNew} entries have sequence numbers above ${this.#expected.lastSequence}, the last one known`
      this.#problem(0, what, 'they are not seen')
    }
  }

  /** Blocks and parts must lie one behind the other, from the beginning to the end. */
  #checkGaps(parts: readonly TablePart[]): void {
    let end = 0
    const met = (offset: number, bytes: number): void => {
      if (offset > end) this.#problem(end, `${offset - end} bytes belong to no block`, 'none for reading')
      end = Math.max(end, offset + bytes)
    }
    const { blocks } = this.#reader
    const dataEnd = blocks === 0 ? 0 : this.#reader.handle(blocks - 1).offset
    const before = parts.filter(({ offset }) => offset < dataEnd)
    for (let i = 0, next = 0; i < blocks; i++) {
      const { offset, size } = this.#reader.handle(i)
      while (next < before.length && before[next].offset < offset) met(before[next].offset, before[next++].bytes)
      met(offset, size + TRAILER)
    }
    for (const { offset, bytes } of parts.slice(before.length)) met(offset, bytes)
  }

  async #block(i: number): Promise<void> {
    const { name } = this.#reader
    let block: Uint8Array
    try {
      block = await this.#reader.loadPage(i)
    } catch (error) {
      this.#damagedBlocks++
      this.#findings.addError(error, name, BLOCK_UNREADABLE)
      return
    }
    const iterator = this.#iterator
    iterator.open(block)
    let unknown = -1
    for (let move = iterator.seekToFirst(); move === VALID; move = iterator.next()) {
      const type = tagType(iterator.key, iterator.keyEnd)
      if (type > TYPE_VALUE) unknown = type
      this.#entry(iterator, i)
    }
    const { key, keyStart, keyEnd } = iterator
    if (keyEnd > 0) this.#last = key.slice(keyStart, keyEnd)
    if (unknown < 0) return
    this.#problem(this.#reader.handle(i).offset, `an entry is of unknown type ${unknown}`, 'it cannot be read')
  }

  #entry({ key, keyStart, keyEnd, valueStart, valueEnd }: PageIterator, block: number): void {
    const seen = this.#seen
    this.#counts.entries++
    if (tagType(key, keyEnd) === TYPE_DELETION) this.#counts.deletions++
    seen.rawKeySize += keyEnd - keyStart
    seen.rawValueSize += valueEnd - valueStart
    const sequence = tagSequence(key, keyEnd)
    seen.smallestSequence = Math.min(seen.smallestSequence, sequence)
    seen.largestSequence = Math.max(seen.largestSequence, sequence)
    if (sequence > this.#expected.lastSequence) this.#tooNew++
    if (!this.#reader.mayContain(hashKey(key, keyStart, keyEnd - TAG_SIZE), block)) this.#denied++
    this.#first ??= key.slice(keyStart, keyEnd)
  }

  #checkBounds(): void {
    const { metadata } = this.#expected
    if (metadata === undefined || this.#damagedBlocks > 0) return
    const effect = 'keys outside of the bounds are missed'
    if (!isEqual(this.#first, metadata.smallest)) {
      this.#problem(0, 'the first key is not the one that the MANIFEST gives', effect)
    }
    if (!isEqual(this.#last, metadata.largest)) {
      this.#problem(0, 'the last key is not the one that the MANIFEST gives', effect)
    }
  }

  #checkProperties(): void {
    const { properties } = this.#reader
    if (properties === undefined || this.#damagedBlocks > 0) return
    const { entries, deletions } = this.#counts
    const actual: Partial<TableProperties> = { entries, deletions, ...this.#seen }
    for (const [name, value] of Object.entries(actual)) {
      const said = properties[name as keyof TableProperties]
      if (entries === 0 || said === value) continue
      this.#problem(0, `the properties say ${name} ${said}, and it is ${value}`, UNTRUE)
    }
  }

  #problem(offset: number, what: string, effect: string): void {
    this.#findings.add(this.#reader.name, offset, what, effect)
  }
}

function isEqual(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && equalBytes(a, 0, a.length, b, 0, b.length)
}
