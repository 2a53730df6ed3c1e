/**
 * What is read of a table when it is opened: footer, index, metaindex, filters, properties.
 *
 * Written once as a generator that yields the ranges it wants to see, so that the same steps serve a caller that
 * waits in the thread pool and one that blocks.
 *
 * 1. Footer and index must be right. All else only helps: what is damaged of it is left out, and noted as a problem.
 * 2. Meta blocks of unknown names are ignored.
 */
import { type ByteBuffer, ByteReader, corruption, LsmError } from '@lsm/base'

import { blockKernel } from './block-kernel.ts'
import type { BlockLoader, Range } from './block-loader.ts'
import { BlockWalker } from './block-walker.ts'
import type { FilterPolicy, FilterReader } from './filter-policy.ts'
import { decodeProperties, PROPERTIES_NAME, type TableProperties } from './properties.ts'
import { decodeFooter, FOOTER_SIZE, readHandle, type BlockHandle, type Footer } from './table-format.ts'
import { TableIndex } from './table-index.ts'

/** No meta block that is looked for has a longer name. */
const LONGEST_NAME = 128

/** A table's resident parts. */
export interface TableParts {
  readonly index: TableIndex
  /** Where the metaindex lies, behind data, filters and properties. */
  readonly metaindex: BlockHandle
  /** The first understood filter for the whole table. */
  tableFilter: FilterReader | undefined
  /** The first understood filter for single blocks. */
  blockFilter: FilterReader | undefined
  properties: TableProperties | undefined
  readonly problems: string[]
}

/** What its writer noted of a table. */
type NotedParts = Pick<TableParts, 'properties' | 'problems'>

/** Steps that yield what they want to read, are resumed with the bytes, and return a result. */
export type Steps<Result> = Generator<Range, Result, Uint8Array>

/** Goes through the steps, reading in the thread pool. */
export async function runSteps<Result>(steps: Steps<Result>, loader: BlockLoader): Promise<Result> {
  let step = steps.next()
  while (step.done !== true) step = steps.next(await loader.read(step.value))
  return step.value
}

/** Goes through the steps, blocking the thread. */
export function runStepsSync<Result>(steps: Steps<Result>, loader: BlockLoader): Result {
  let step = steps.next()
  while (step.done !== true) step = steps.next(loader.readSync(step.value))
  return step.value
}

/**
 * The steps that open a table.
 *
 * @param size - the table's bytes, footer included.
 * @param filters - the filters that are understood, preferred ones first.
 * @param keyLimit - the most bytes that all keys of the index may have.
 */
export function* openTable(
  loader: BlockLoader,
  size: number,
  filters: readonly FilterPolicy[],
  keyLimit: number,
): Steps<TableParts> {
  const footer = yield* readFooter(loader, size)
  const { offset } = footer.index
  const page = loader.page(yield loader.range(footer.index), footer.index)
  const source = { page, file: loader.name, offset, dataLimit: size - FOOTER_SIZE, keyLimit }
  const index = new TableIndex(source, blockKernel())
  const parts: TableParts = {
    index,
    metaindex: footer.metaindex,
    tableFilter: undefined,
    blockFilter: undefined,
    properties: undefined,
    problems: [],
  }
  const names = new Set([PROPERTIES_NAME, ...filters.map(({ metaName }) => metaName)])
  const metaBlocks = yield* readMetaindex(loader, footer.metaindex, names, parts.problems)
  for (const policy of filters) yield* readFilter(loader, policy, metaBlocks.get(policy.metaName), parts)
  yield* readProperties(loader, metaBlocks.get(PROPERTIES_NAME), parts)
  return parts
}

/** The steps that read what a table's writer noted of it, and nothing else; `undefined` where that is nothing, or damaged. */
export function* openProperties(loader: BlockLoader, size: number): Steps<TableProperties | undefined> {
  const footer = yield* readFooter(loader, size)
  const parts: NotedParts = { properties: undefined, problems: [] }
  const metaBlocks = yield* readMetaindex(loader, footer.metaindex, new Set([PROPERTIES_NAME]), parts.problems)
  yield* readProperties(loader, metaBlocks.get(PROPERTIES_NAME), parts)
  return parts.properties
}

function* readFooter(loader: BlockLoader, size: number): Steps<Footer> {
  if (size < FOOTER_SIZE) throw corruption(`a table of ${size} bytes has no room for its footer`, loader.name, 0)
  const offset = size - FOOTER_SIZE
  return decodeFooter(yield { offset, length: FOOTER_SIZE }, loader.name, offset)
}

function* readBlock(loader: BlockLoader, handle: BlockHandle): Steps<Uint8Array> {
  return loader.unseal(yield loader.range(handle), handle)
}

/** Where the meta blocks of the given names lie; what else there is may be as much as it likes. */
function* readMetaindex(
  loader: BlockLoader,
  metaindex: BlockHandle,
  names: ReadonlySet<string>,
  problems: string[],
): Steps<Map<string, BlockHandle>> {
  const found = new Map<string, BlockHandle>()
  try {
    const block = yield* readBlock(loader, metaindex)
    const walker = new BlockWalker(block, false, loader.name, metaindex.offset)
    while (walker.next()) {
      const name = nameOf(walker.key)
      if (!names.has(name)) continue
      const { valueStart, valueEnd } = walker
      const reader = new ByteReader(block, valueStart, valueEnd, loader.name, metaindex.offset + valueStart)
      found.set(name, readHandle(reader, metaindex.offset))
    }
  } catch (error) {
    note(problems, 'metaindex', error)
  }
  return found
}

function* readFilter(
  loader: BlockLoader,
  policy: FilterPolicy,
  handle: BlockHandle | undefined,
  parts: TableParts,
): Steps<void> {
  if (handle === undefined) return
  try {
    // What a filter denies, nobody looks for: its checksum is compared whatever the options say.
    const reader = policy.reader(loader.unseal(yield loader.range(handle), handle, true))
    if (reader === undefined) throw corruption('contents make no sense', loader.name, handle.offset)
    if (reader.wholeTable) parts.tableFilter ??= reader
    else parts.blockFilter ??= reader
  } catch (error) {
    note(parts.problems, policy.metaName, error)
  }
}

function* readProperties(loader: BlockLoader, handle: BlockHandle | undefined, parts: NotedParts): Steps<void> {
  if (handle === undefined) return
  try {
    parts.properties = decodeProperties(yield* readBlock(loader, handle), loader.name, handle.offset)
  } catch (error) {
    note(parts.problems, PROPERTIES_NAME, error)
  }
}

/** Notes damage; anything else is not the table's fault, and fails the opening. */
function note(problems: string[], part: string, error: unknown): void {
  const damage = error instanceof LsmError && (error.code === 'LSM_CORRUPTION' || error.code === 'LSM_NOT_SUPPORTED')
  if (!damage) throw error
  problems.push(`${part}: ${error.message}`)
}

/** A meta block's name, if it may be one of ours: these are short, and ASCII. */
function nameOf({ bytes, length }: ByteBuffer): string {
  return length > LONGEST_NAME ? '' : String.fromCharCode(...bytes.subarray(0, length))
}
