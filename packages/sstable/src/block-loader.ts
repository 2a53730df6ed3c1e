/**
 * Fetches blocks: the one place in this package that waits for the disk to read.
 *
 * 1. A size is compared with the file and with the limit before it is allocated; so is what a block decompresses to.
 * 2. The checksum covers the stored bytes, and is compared before they are decompressed.
 * 3. What comes out is a plain `Uint8Array`, a page of its own unless blocks are only passed through. Entries of a page have been
 *    checked; what `unseal` gives has not been looked at.
 *
 * Does not know what the block is for, or who keeps it.
 */
import { corruption, LsmError, type ReadableFile } from '@lsm/base'

import { blockKernel } from './block-kernel.ts'
import { RAW, type CodecRegistry } from './codec.ts'
import { makePage } from './page.ts'
import { SNAPPY } from './snappy.ts'
import { checksumMatches, TRAILER_SIZE, type BlockHandle } from './table-format.ts'

/** Offsets inside a block are 32-bit numbers. */
const LARGEST_BLOCK = 0x7fff_ffff

const PASSAGE_BYTES = 64 * 1024
/**
 * Stored blocks pass through here on their way to be decompressed: an array of its own costs each 1.5 µs. Taken away while
 * it is in use, since a file system or a codec may itself read another table.
 */
let passage: Uint8Array | undefined

/** Bytes in which blocks that are not kept lie together. */
const SHARED_BYTES = 64 * 1024
let shared = new Uint8Array(0)
let sharedUsed = 0

/** Memory for a block that is not kept. */
function allocatePassing(size: number): Uint8Array {
  if (size > SHARED_BYTES / 4) return new Uint8Array(size)
  if (sharedUsed + size > shared.length) {
    shared = new Uint8Array(SHARED_BYTES)
    sharedUsed = 0
  }
  sharedUsed += size
  return shared.subarray(sharedUsed - size, sharedUsed)
}

/** How blocks are read. */
export interface BlockLoaderOptions {
  /** Whether the checksum of every block is compared when it is read. That of a filter always is. */
  readonly verifyChecksums: boolean
  /** The most bytes that a block may have, stored or decompressed. */
  readonly maxBlockSize: number
  /** The codecs that can be read. */
  readonly codecs: CodecRegistry
  /**
   * Whether blocks are passed through and not kept, as in a compaction: several then lie in one array, which spares the
   * making of one each. A block that is kept would keep its neighbours' memory.
   */
  readonly passing?: boolean
}

/** Bytes of a file. */
export interface Range {
  readonly offset: number
  readonly length: number
}

/** Reads the blocks of one file. */
export class BlockLoader {
  readonly #file: ReadableFile
  readonly #verifyChecksums: boolean
  readonly #maxBlockSize: number
  readonly #codecs: CodecRegistry
  readonly #allocate: ((size: number) => Uint8Array) | undefined
  /** Whether the codec of Snappy's number is Snappy, so that the kernel may be asked. */
  readonly #isPlain: boolean

  constructor(file: ReadableFile, options: BlockLoaderOptions) {
    this.#file = file
    this.#verifyChecksums = options.verifyChecksums
    this.#maxBlockSize = Math.min(options.maxBlockSize, LARGEST_BLOCK)
    this.#codecs = options.codecs
    this.#allocate = options.passing === true ? allocatePassing : undefined
    this.#isPlain = options.codecs.byId(SNAPPY.id) === SNAPPY
  }

  /** The file's name. */
  get name(): string {
    return this.#file.name
  }

  /** Where a block's stored form lies; checks its size. */
  range({ offset, size }: BlockHandle): Range {
    if (size > this.#maxBlockSize) throw this.#error(offset, `block of ${size} bytes is over maxBlockSize`)
    return { offset, length: size + TRAILER_SIZE }
  }

  /** Reads bytes, in the thread pool. */
  async read({ offset, length }: Range): Promise<Uint8Array> {
    const bytes = new Uint8Array(length)
    this.#checkRead(offset, length, await this.#file.read(offset, bytes, 0, length))
    return bytes
  }

  /** Reads bytes, blocking the thread. */
  readSync(range: Range): Uint8Array {
    return this.#readSyncInto(new Uint8Array(range.length), range)
  }

  /** The page of a data block, blocking the thread. */
  loadPageSync(handle: BlockHandle): Uint8Array {
    const range = this.range(handle)
    if (range.length > PASSAGE_BYTES) return this.page(this.readSync(range), handle)
    const bytes = passage ?? new Uint8Array(PASSAGE_BYTES)
    passage = undefined
    try {
      return this.page(this.#readSyncInto(bytes, range), handle)
    } finally {
      passage = bytes
    }
  }

  /** The page of a data block. */
  async loadPage(handle: BlockHandle): Promise<Uint8Array> {
    return this.page(await this.read(this.range(handle)), handle)
  }

  /** The page of a block with internal keys, checked, from what was read of its range. */
  page(stored: Uint8Array, handle: BlockHandle): Uint8Array {
    const kernel = this.#isPlain ? blockKernel() : undefined
    return (
      kernel?.page(stored, handle.size, this.#verifyChecksums, this.#maxBlockSize, this.#allocate) ??
      makePage(this.unseal(stored, handle), this.name, handle.offset, this.#allocate)
    )
  }

  /** The contents of a block, from what was read of its range. */
  unseal(stored: Uint8Array, { offset, size }: BlockHandle, verify: boolean = this.#verifyChecksums): Uint8Array {
    if (verify && !checksumMatches(stored, size)) {
      throw this.#error(offset, 'block checksum does not match')
    }
    const type = stored[size]
    if (type === RAW) return stored.subarray(0, size)
    const codec = this.#codecs.byId(type)
    if (codec === undefined) {
      throw new LsmError('LSM_NOT_SUPPORTED', `block is compressed by an unknown codec, type byte ${type}`, {
        file: this.name,
        offset,
      })
    }
    try {
      return codec.decompress(stored, 0, size, this.#maxBlockSize)
    } catch (cause) {
      throw corruption(`block of codec ${codec.name} does not decompress`, this.name, offset, cause)
    }
  }

  #readSyncInto(target: Uint8Array, { offset, length }: Range): Uint8Array {
    if (this.#file.readSync === undefined) {
      throw new LsmError('LSM_NOT_SUPPORTED', 'this file system cannot read synchronously', { file: this.name })
    }
    this.#checkRead(offset, length, this.#file.readSync(offset, target, 0, length))
    return target
  }

  #checkRead(offset: number, length: number, count: number): void {
    if (count < length) throw this.#error(offset + count, `file ends here, ${length - count} bytes too early`)
  }

  #error(offset: number, message: string): LsmError {
    return corruption(message, this.name, offset)
  }
}
