/**
 * Finds the blocks of a table whose index is lost, by their checksums alone, in one pass over the file.
 *
 *     ... ? ? [ contents | type | checksum ] [ contents | type | checksum ] ? ? ...
 *             s          e
 *
 * A block does not say how long it is, and trying every beginning with every end would take for ever. But a checksum is
 * linear: with P(i) the checksum state after i bytes, and x^-8 taking back the effect of one more byte, a block from s
 * to e has its checksum exactly if
 *
 *     x^(-8 s) (P(s) ^ ~0)  =  x^(-8 n) (P(n) ^ ~checksum)        n = e + 1, behind the type
 *
 * The left side depends on s alone, the right side on n alone: the left ones are kept in a map, the right ones looked up
 * in it. It takes about 10 ns a byte.
 *
 * 1. Only where a block could begin is a beginning noted: entries of a data block begin with a zero (nothing is shared
 *    yet) and the length of a key with its tag, and so does what Snappy makes of them, after a length and a literal's tag.
 * 2. Every match is read again and compared with its checksum in full.
 * 3. Of blocks that lie in each other the outer one counts: a value may itself be a table.
 *
 * Does not know what is in a block.
 */
import { getFixed32, TAG_SIZE, unmaskCrc, type ReadableFile } from '@lsm/base'

import { RAW, type CodecRegistry } from './codec.ts'
import { checksumMatches, TRAILER_SIZE, type BlockHandle } from './table-format.ts'

const POLYNOMIAL: number = 0x82f6_3b78 | 0
/** One, as a polynomial whose highest bit is the lowest power. */
const ONE: number = 0x8000_0000 | 0
/** Bytes that are looked at together. */
const CHUNK = 1 << 20
/** Beginnings that are kept; then the older half is forgotten, and with it blocks that are larger than what lies between. */
const MOST_STARTS = 1 << 20
/** Bytes that tell whether a block may begin: a length, a tag, a longer length, and the first byte of the literal. */
const LOOK_AHEAD = 12

/** Effect of a byte on the checksum state. */
const STEP: Int32Array = makeTable()
/** The byte whose effect has a given highest byte. */
const STEP_BACK: Uint8Array = makeInverse()

/** How to look for blocks. */
export interface FindOptions {
  readonly codecs: CodecRegistry
  /** The most bytes that a block may have. */
  readonly maxBlockSize: number
}

/** The blocks with right checksums in the first `size` bytes of a file, in order, without overlap. */
export async function findBlocks(file: ReadableFile, size: number, options: FindOptions): Promise<BlockHandle[]> {
  const finder = new BlockFinder(options)
  const bytes = new Uint8Array(Math.min(size, CHUNK) + LOOK_AHEAD)
  const found: BlockHandle[] = []
  for (let position = 0; position < size; position += CHUNK) {
    const length = await file.read(position, bytes, 0, Math.min(bytes.length, size - position))
    const candidates: BlockHandle[] = []
    finder.scan(bytes, Math.min(length, CHUNK), length, position, candidates)
    for (const handle of candidates) if (await isBlock(file, handle)) found.push(handle)
  }
  return outermost(found)
}

async function isBlock(file: ReadableFile, { offset, size }: BlockHandle): Promise<boolean> {
  const stored = new Uint8Array(size + TRAILER_SIZE)
  return (await file.read(offset, stored, 0, stored.length)) === stored.length && checksumMatches(stored, size)
}

/** Leaves out what lies in another block, or reaches into one. */
function outermost(found: BlockHandle[]): BlockHandle[] {
  found.sort((a, b) => a.offset - b.offset || b.size - a.size)
  const kept: BlockHandle[] = []
  let end = 0
  for (const handle of found) {
    if (handle.offset < end) continue
    kept.push(handle)
    end = handle.offset + handle.size + TRAILER_SIZE
  }
  return kept
}

class BlockFinder {
  readonly #options: FindOptions
  /** Beginnings by the left side of the equation; of equal ones the latest. */
  #starts = new Map<number, number>()
  #olderStarts = new Map<number, number>()
  #state = 0
  /** x^(-8 i) for the byte at hand. */
  #back = ONE

  constructor(options: FindOptions) {
    this.#options = options
  }

  /** Looks at `bytes[0, end)`, which lie at `position` in the file; up to `limit` more can be seen. */
  scan(bytes: Uint8Array, end: number, limit: number, position: number, found: BlockHandle[]): void {
    for (let i = 0; i < end; i++) {
      if (mayBegin(bytes, i, limit)) this.#begin(position + i)
      const type = bytes[i]
      this.#state = STEP[(this.#state ^ type) & 255] ^ (this.#state >>> 8)
      this.#back = stepBack(this.#back)
      if (i + TRAILER_SIZE > limit || (type !== RAW && this.#options.codecs.byId(type) === undefined)) continue
      this.#end(position + i, getFixed32(bytes, i + 1), found)
    }
  }

  #begin(offset: number): void {
    if (this.#starts.size >= MOST_STARTS) {
      this.#olderStarts = this.#starts
      this.#starts = new Map()
    }
    this.#starts.set(multiply(~this.#state, this.#back), offset)
  }

  /** Looks whether a block may end at `offset`, where its type is. */
  #end(offset: number, checksum: number, found: BlockHandle[]): void {
    const key = multiply(this.#state ^ ~unmaskCrc(checksum), this.#back)
    const start = this.#starts.get(key) ?? this.#olderStarts.get(key)
    if (start === undefined || start > offset || offset - start > this.#options.maxBlockSize) return
    found.push({ offset: start, size: offset - start })
  }
}

/** Whether a block may begin at `at`: raw, or by Snappy. */
function mayBegin(bytes: Uint8Array, at: number, limit: number): boolean {
  if (isFirstEntry(bytes, at)) return true
  let i = at
  while (i < limit && i < at + 4 && bytes[i] >= 128) i++
  const tag = bytes[++i]
  if (i >= limit || (tag & 3) !== 0) return false
  return isFirstEntry(bytes, i + 1 + Math.max(0, (tag >>> 2) - 59))
}

/** Whether an entry may begin that shares nothing, and whose key has a tag. */
function isFirstEntry(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0 && bytes[at + 1] >= TAG_SIZE
}

/** The product of two polynomials, modulo the checksum's. */
function multiply(a: number, b: number): number {
  let product = 0
  for (let rest = a | 0, power = b | 0; rest !== 0; rest <<= 1) {
    if (rest < 0) product ^= power
    power = (power >>> 1) ^ (POLYNOMIAL & -(power & 1))
  }
  return product
}

/** Takes back one byte of zeros: times x^-8. */
function stepBack(state: number): number {
  const byte = STEP_BACK[state >>> 24]
  return ((state ^ STEP[byte]) << 8) | byte
}

function makeTable(): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let state = byte
    for (let bit = 0; bit < 8; bit++) state = state & 1 ? (state >>> 1) ^ POLYNOMIAL : state >>> 1
    return state
  })
}

function makeInverse(): Uint8Array {
  const inverse = new Uint8Array(256)
  for (let byte = 0; byte < 256; byte++) inverse[STEP[byte] >>> 24] = byte
  return inverse
}
