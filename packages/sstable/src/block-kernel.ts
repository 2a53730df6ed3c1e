/**
 * What is done with every byte of a block, in WebAssembly where there is any: CRC-32C, Snappy both ways, and the making of pages.
 *
 * Measured here (Node 20) on blocks of 4.1 KB that become half as large, in microseconds, copies included:
 *
 *                        TypeScript   WebAssembly
 *     checksum               3.0          1.7
 *     compress               6.3          2.5
 *     decompress             3.0          1.7
 *
 * 1. One instance per thread, made at the first use; it has 1.5 MiB and never grows.
 * 2. What is larger than that, or damaged, is left to the twins in TypeScript: both give the same bytes.
 * 3. Bytes in and out are copied; nobody else sees the instance's memory for longer than a call.
 *
 * The program is `kernel/block-kernel.ts`. Does not know the format's header, codecs, or files.
 */
import { crc32c, EMPTY, TAG_SIZE } from '@lsm/base'

import { BLOCK_KERNEL_CODE } from './generated/block-kernel-code.ts'
import type { IndexParts } from './index-parts.ts'
import { PAGE_FOOTER } from './page.ts'

const INPUT = 0xc400
const OUTPUT = 0x5_0c00
const PAGE = 0x9_5400

/** The most bytes that are compressed at a time: one fragment. */
export const LARGEST_FRAGMENT: number = 64 * 1024
/** The most bytes of anything else in its large form, and what its small form may take. */
export const LARGEST_INPUT: number = 256 * 1024
const LARGEST_PACKED = 272 * 1024 - 16

/** Type byte and checksum behind a stored block. */
const TRAILER_SIZE = 5

/** Bits of `indexForm`. */
const CLOSE = 1
const SHORT = 2
const UNIFORM = 4

/** Bytes below which the copy into the instance costs more than is won. */
const SMALL = 512

/** The part of the global `WebAssembly` that is used; the type library of a server has no such thing. */
interface WebAssemblyGlobal {
  readonly Module: new (code: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: KernelExports }
}

interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly begin: () => void
  readonly checksum: (length: number, before: number) => number
  readonly compress: (length: number) => number
  readonly expand: (length: number, declared: number) => number
  readonly page: (size: number, verify: boolean, limit: number) => number
  readonly index: (footer: number, count: number, prefix: number, limit: number) => number
  readonly indexForm: () => number
}

/** One instance of the program. */
export class BlockKernel {
  readonly #exports: KernelExports
  readonly #bytes: Uint8Array

  private constructor(exports: KernelExports) {
    this.#exports = exports
    this.#bytes = new Uint8Array(exports.memory.buffer)
    exports.begin()
  }

  /** Makes an instance; `undefined` where there is no WebAssembly, or the process may not compile any. */
  static create(global: WebAssemblyGlobal | undefined): BlockKernel | undefined {
    if (global === undefined) return undefined
    try {
      return new BlockKernel(new global.Instance(new global.Module(decode(BLOCK_KERNEL_CODE))).exports)
    } catch {
      // A content security policy, or a machine without memory for it: the twins do the same work.
      return undefined
    }
  }

  /** The CRC-32C of some bytes. */
  checksum(bytes: Uint8Array, start: number, end: number): number {
    let crc = 0
    for (let at = start; at < end; at += LARGEST_INPUT) {
      const until = Math.min(end, at + LARGEST_INPUT)
      this.#bytes.set(bytes.subarray(at, until), INPUT)
      crc = this.#exports.checksum(until - at, crc)
    }
    return crc >>> 0
  }

  /**
   * The page of a stored block of `size` bytes that is raw or in Snappy, its trailer behind it; see `page`.
   *
   * @param verify - whether its checksum is compared.
   * @param limit - the most bytes that the block may have.
   * @param allocate - gives memory for it, where the caller knows better than to make a new array.
   * @returns `undefined` where the twin must see to it: it is too large, damaged, of another codec, or its entries stay folded.
   */
  page(
    stored: Uint8Array,
    size: number,
    verify: boolean,
    limit: number,
    allocate?: (size: number) => Uint8Array,
  ): Uint8Array | undefined {
    const end = size + TRAILER_SIZE
    if (size > LARGEST_INPUT || end > stored.length) return undefined
    this.#bytes.set(end === stored.length ? stored : stored.subarray(0, end), INPUT)
    const length = this.#exports.page(size, verify, Math.min(limit, LARGEST_INPUT))
    if (length === 0) return undefined
    const page = this.#bytes.subarray(PAGE, PAGE + length)
    if (allocate === undefined) return new Uint8Array(page)
    const target = allocate(length)
    target.set(page)
    return target
  }

  /**
   * What the page of an index says.
   *
   * @param prefixLength - bytes that all separators but the last begin with.
   * @param limit - where blocks end at the latest.
   * @returns `undefined` where the twin must see to it: it is too large, or no index.
   */
  index(page: Uint8Array, count: number, prefixLength: number, limit: number): IndexParts | undefined {
    if (page.length > LARGEST_INPUT) return undefined
    this.#bytes.set(page, INPUT)
    const keyBytes = this.#exports.index(page.length - PAGE_FOOTER, count, prefixLength, limit)
    if (keyBytes === 0) return undefined
    const form = this.#exports.indexForm()
    const { buffer } = this.#exports.memory
    const take = (from: number, bytes: number): ArrayBuffer => buffer.slice(OUTPUT + from, OUTPUT + from + bytes)
    const dataEnd = endOf(take(8 * count - 8, 8), take(16 * count - 8, 8))
    const ends = new Uint32Array(take(28 * count, 4 * count))
    const keys = OUTPUT + 41 * count
    const beforeLast = count < 2 ? 0 : ends[count - 2]
    const isShort = (form & SHORT) !== 0
    return {
      offsets: dataEnd < 2 ** 32 ? new Uint32Array(take(16 * count, 4 * count)) : new Float64Array(take(0, 8 * count)),
      sizes: (form & CLOSE) === 0 ? new Float64Array(take(8 * count, 8 * count)) : undefined,
      dataEnd,
      prefix: this.#bytes.slice(keys, keys + prefixLength),
      high: new Uint32Array(take(20 * count, 4 * count)),
      low: new Uint32Array(take(24 * count, 4 * count)),
      lengths: isShort ? new Uint8Array(take(40 * count, count - 1)) : undefined,
      tags: isShort
        ? new Uint8Array(take(32 * count, TAG_SIZE * ((form & UNIFORM) === 0 ? count - 1 : Math.min(1, count - 1))))
        : EMPTY,
      ends: isShort ? undefined : ends,
      keys: isShort ? EMPTY : this.#bytes.slice(keys, keys + beforeLast),
      last: this.#bytes.slice(keys + beforeLast, keys + keyBytes),
    }
  }

  /**
   * Compresses at most {@link LARGEST_FRAGMENT} bytes.
   *
   * @param room - bytes to leave free in front of what comes out.
   * @returns these and the elements: a view, valid until the next call.
   */
  compress(source: Uint8Array, start: number, end: number, room: number): Uint8Array {
    this.#bytes.set(source.subarray(start, end), INPUT)
    const length = this.#exports.compress(end - start)
    return this.#bytes.subarray(OUTPUT - room, OUTPUT + length)
  }

  /** What elements stand for, which must be `length` bytes, in a new array; `undefined` if it is too much, or damaged. */
  decompress(source: Uint8Array, start: number, end: number, length: number): Uint8Array | undefined {
    if (end - start > LARGEST_PACKED || length > LARGEST_INPUT) return undefined
    this.#bytes.set(source.subarray(start, end), INPUT)
    if (this.#exports.expand(end - start, length) !== 0) return undefined
    return new Uint8Array(this.#bytes.subarray(OUTPUT, OUTPUT + length))
  }
}

/** Bytes in base 64. */
function decode(text: string): Uint8Array {
  const characters = atob(text)
  const bytes = new Uint8Array(characters.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i)
  return bytes
}

/** Where a block ends, by its offset and its size. */
function endOf(offset: ArrayBuffer, size: ArrayBuffer): number {
  return new Float64Array(offset)[0] + new Float64Array(size)[0] + TRAILER_SIZE
}

let instance: BlockKernel | undefined
let isMade = false

/** The instance of this thread, if there can be one. */
export function blockKernel(): BlockKernel | undefined {
  if (!isMade) {
    isMade = true
    instance = BlockKernel.create((globalThis as { WebAssembly?: WebAssemblyGlobal }).WebAssembly)
  }
  return instance
}

/** The CRC-32C of part of a block. */
export function blockChecksum(bytes: Uint8Array, start: number, end: number): number {
  const kernel = end - start < SMALL ? undefined : blockKernel()
  return kernel === undefined ? crc32c(bytes, start, end) : kernel.checksum(bytes, start, end)
}
