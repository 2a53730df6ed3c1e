/**
 * What a stored block may be compressed with, and which byte on disk says so.
 *
 *     block on disk = contents | block type u8 | masked checksum u32
 *
 * The block type is a codec's `id`; 0 is an uncompressed block. A reader needs every codec that a table was
 * written with, a writer only one; LevelDB itself reads 0, 1 (Snappy) and, after its release 1.23, 2 (Zstandard).
 *
 * A codec of your own is one object. Raw deflate, under the number that Minecraft's tables give it:
 *
 *     import { deflateRawSync, inflateRawSync } from 'node:zlib'
 *
 *     const DEFLATE: Codec = {
 *       id: 4,
 *       name: 'deflate',
 *       compress: (source, start, end) => deflateRawSync(source.subarray(start, end), { level: 1 }),
 *       decompress(source, start, end, limit) {
 *         try {
 *           return new Uint8Array(inflateRawSync(source.subarray(start, end), { maxOutputLength: limit }))
 *         } catch (cause) {
 *           throw new LsmError('LSM_CORRUPTION', 'deflated block is damaged', { cause })
 *         }
 *       },
 *     }
 *     const codecs = new CodecRegistry([...DEFAULT_CODECS, DEFLATE])
 *
 * Zstandard is the same with `zstdCompressSync` and `zstdDecompressSync` (Node 22.15 and later) and `id: 2`. Both have a
 * fixed cost of 10 to 20 µs a call, so they suit blocks of 32 KiB and more.
 *
 * 1. A registry never changes, and has at most one codec for an id and for a name.
 * 2. Whether the smaller form is small enough to be kept is the table builder's decision, not the codec's.
 *
 * Does not know checksums, files, or which codec a table is to be written with.
 */
import type { ModuleReference } from '@lsm/base'

import { SNAPPY } from './snappy.ts'

/** The block type byte of an uncompressed block. */
export const RAW = 0

/** A way to make blocks smaller. One thread uses it, one call at a time; it may keep buffers between calls. */
export interface Codec {
  /** The block type byte on disk, 1 to 255. */
  readonly id: number
  /** Its name in settings and table properties; never changes. */
  readonly name: string
  /**
   * Compresses `source[start, end)`.
   *
   * @returns a view that is valid until the next call, or `undefined` where the codec gives up.
   */
  compress(source: Uint8Array, start: number, end: number): Uint8Array | undefined
  /**
   * Decompresses `source[start, end)`, which is untrusted.
   *
   * @param limit - the most bytes that may come out; checked before they are allocated.
   * @returns a new plain `Uint8Array` of exactly the right size.
   * @throws `LsmError` `LSM_CORRUPTION`, without a place (the caller knows it), for anything that `compress` does not make.
   */
  decompress(source: Uint8Array, start: number, end: number, limit: number): Uint8Array
  /** Makes the same codec in another thread; without it, whatever uses the codec stays in this one. Snappy needs none. */
  readonly module?: ModuleReference | undefined
}

/** The codecs that are always there: Snappy, LevelDB's own. */
export const DEFAULT_CODECS: readonly Codec[] = [SNAPPY]

/** A fixed set of codecs, found by block type byte or by name. */
export class CodecRegistry {
  /** The codecs' names, in the order they were given. */
  readonly names: readonly string[]
  readonly #byId = new Map<number, Codec>()
  readonly #byName = new Map<string, Codec>()

  /** @throws `TypeError` for an id outside 1 to 255, and for two codecs with one id or one name. */
  constructor(codecs: readonly Codec[]) {
    for (const codec of codecs) this.#add(codec)
    this.names = [...this.#byName.keys()]
  }

  /** The codec of a block type byte. */
  byId(id: number): Codec | undefined {
    return this.#byId.get(id)
  }

  /** The codec of a name. */
  byName(name: string): Codec | undefined {
    return this.#byName.get(name)
  }

  #add(codec: Codec): void {
    const { id, name } = codec
    if (!Number.isInteger(id) || id <= RAW || id > 255) throw new TypeError(`codec ${name}: id ${id} is not 1 to 255`)
    if (this.#byId.has(id)) throw new TypeError(`codec ${name}: id ${id} is that of ${this.#byId.get(id)?.name}`)
    if (this.#byName.has(name)) throw new TypeError(`two codecs are called ${name}`)
    this.#byId.set(id, codec)
    this.#byName.set(name, codec)
  }
}
