/**
 * What lies in a table beside its data blocks, for those who examine the file and do not look for a key.
 *
 *     data block*  │ meta block* │ metaindex │ index │ footer
 *                    └─ every one of these, read and compared with its checksum ─┘
 *
 * 1. Also what a reader does without is looked at: meta blocks of unknown names, filters of unknown kinds.
 * 2. What is wrong with one part does not keep the others from being looked at, as far as they can be found.
 * 3. One part is in memory at a time.
 */
import { ByteReader, LsmError, type ReadableFile } from '@lsm/base'

import { BlockLoader, type BlockLoaderOptions } from './block-loader.ts'
import { BlockWalker } from './block-walker.ts'
import { decodeFooter, FOOTER_SIZE, readHandle, TRAILER_SIZE, type BlockHandle } from './table-format.ts'

/** A stretch of a table file. */
export interface TablePart {
  /** `footer`, `index`, `metaindex`, or the name of a meta block. */
  readonly name: string
  /** Where it begins in the file. */
  readonly offset: number
  /** Its bytes, checksum included. */
  readonly bytes: number
  /** What is wrong with it. */
  readonly error: LsmError | undefined
}

/**
 * Looks at every part of a table but its data blocks.
 *
 * @param size - the table's bytes; the file may be longer.
 * @returns the parts that could be found, as they lie in the file.
 * @throws LsmError if the file cannot be read; damage is in the result.
 */
export async function tableParts(file: ReadableFile, size: number, options: BlockLoaderOptions): Promise<TablePart[]> {
  const parts = new PartFinder(new BlockLoader(file, { ...options, verifyChecksums: true }))
  await parts.find(size)
  return parts.found.sort((a, b) => a.offset - b.offset)
}

class PartFinder {
  readonly found: TablePart[] = []
  readonly #loader: BlockLoader

  constructor(loader: BlockLoader) {
    this.#loader = loader
  }

  async find(size: number): Promise<void> {
    const offset = Math.max(0, size - FOOTER_SIZE)
    const footer = await this.#part('footer', offset, size - offset, async () => {
      const bytes = await this.#loader.read({ offset, length: FOOTER_SIZE })
      return decodeFooter(bytes, this.#loader.name, offset)
    })
    if (footer === undefined) return
    await this.#block('index', footer.index)
    const metaindex = await this.#block('metaindex', footer.metaindex, block =>
      this.#metaBlocks(block, footer.metaindex.offset),
    )
    for (const [name, handle] of metaindex ?? []) await this.#block(name, handle)
  }

  /** Names and places of the meta blocks. */
  #metaBlocks(block: Uint8Array, offset: number): [string, BlockHandle][] {
    const { name } = this.#loader
    const walker = new BlockWalker(block, false, name, offset)
    const metaBlocks: [string, BlockHandle][] = []
    const decoder = new TextDecoder()
    while (walker.next()) {
      const reader = new ByteReader(block, walker.valueStart, walker.valueEnd, name, offset + walker.valueStart)
      const { bytes, length } = walker.key
      metaBlocks.push([decoder.decode(bytes.subarray(0, length)), readHandle(reader, offset)])
    }
    return metaBlocks
  }

  #block<T>(name: string, handle: BlockHandle, use?: (block: Uint8Array) => T): Promise<T | undefined> {
    return this.#part(name, handle.offset, handle.size + TRAILER_SIZE, async () => {
      const block = this.#loader.unseal(await this.#loader.read(this.#loader.range(handle)), handle)
      return use?.(block)
    })
  }

  /** Looks at a part, and notes it with what is wrong with it. */
  async #part<T>(name: string, offset: number, bytes: number, look: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await look()
      this.found.push({ name, offset, bytes, error: undefined })
      return result
    } catch (error) {
      const isDamage =
        error instanceof LsmError && (error.code === 'LSM_CORRUPTION' || error.code === 'LSM_NOT_SUPPORTED')
      if (!isDamage) throw error
      this.found.push({ name, offset, bytes, error })
      return undefined
    }
  }
}
