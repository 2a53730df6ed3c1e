/**
 * What is left when the power goes: which changed names, and which bytes of each file.
 *
 *     kill         all: only the process died
 *     strict       what was synced, and nothing else
 *     ordered      as it was some operations earlier, and what was synced since
 *     meta-only    all names; files are short, or as long as they were and zero where they were not synced
 *     torn         all, but files end anywhere in what was not synced, the last one written within its last append
 *     sectors      all names; of what was not synced any subset of the sectors, the others zeros
 *     stale        the same, the others holding what was in files that are gone
 *     dir-random   any subset of the changes of names; of each file all, nothing or part of what was not synced
 *
 * What was durable is there in every variant.
 */
import type { FileMoment, RecordedFile } from './recorded-file.ts'
import type { NameChange } from './recorded-folder.ts'
import { endOf, type Ranges } from './ranges.ts'
import type { Seeded } from './seeded.ts'

/** All variants. */
export const CRASH_VARIANTS = [
  'kill',
  'strict',
  'ordered',
  'meta-only',
  'torn',
  'sectors',
  'stale',
  'dir-random',
] as const

/** Which unsynced changes a crash leaves; `README.md` and this file's header say what each means. */
export type CrashVariant = (typeof CRASH_VARIANTS)[number]

/** How the power goes. */
export interface CrashOptions {
  /** The last operation that took place. Default: the last one so far. */
  readonly at?: number
  /** What is left. Default `strict`. */
  readonly variant?: CrashVariant
  /** Decides what the variant leaves open. Default 0. */
  readonly seed?: number
  /** Bytes that a disk writes whole or not at all. Default 512. */
  readonly sectorSize?: 512 | 4096
  /** Whether a crash may leave both names of a rename, as where renaming is not atomic. Default `false`. */
  readonly splitRenames?: boolean
}

/** The moment of a crash, as policies see it. */
export interface CrashMoment {
  readonly operation: number
  /** The first operation whose effect may be missing. */
  readonly firstPending: number
  /** The file that was written last. */
  readonly lastWritten: RecordedFile | undefined
  readonly sectorSize: number
  /** Bytes of files that are gone. */
  readonly stale: Uint8Array
  readonly random: Seeded
}

/** Decides what is left. */
export interface CrashPolicy {
  /** Whether a change of names that was not synced is there. */
  keeps(change: NameChange): boolean
  /** What is in a file. */
  contents(file: RecordedFile, moment: FileMoment): Uint8Array
}

/** The policy of a variant. */
export function crashPolicy(variant: CrashVariant, crash: CrashMoment): CrashPolicy {
  const all = (): boolean => true
  switch (variant) {
    case 'kill':
      return { keeps: all, contents: (file, { size }) => file.bytes(size) }
    case 'strict':
      return { keeps: () => false, contents: (file, moment) => kept(file, moment, 0) }
    case 'ordered':
      return ordered(crash)
    case 'meta-only':
      return { keeps: all, contents: (file, moment) => kept(file, moment, 0, crash.random(2) * moment.size) }
    case 'torn':
      return { keeps: all, contents: (file, moment) => kept(file, moment, tornEnd(file, moment, crash)) }
    case 'sectors':
    case 'stale':
      return { keeps: all, contents: (file, moment) => sectors(file, moment, crash, variant === 'stale') }
    case 'dir-random':
      return {
        keeps: () => crash.random(2) === 0,
        contents: (file, moment) => kept(file, moment, randomEnd(moment, crash.random)),
      }
  }
}

function ordered({ operation, firstPending, random }: CrashMoment): CrashPolicy {
  const cut = operation - random(operation - firstPending + 2)
  return {
    keeps: change => change.operation <= cut,
    contents: (file, moment) => kept(file, moment, Math.min(moment.size, file.at(cut).size)),
  }
}

/** The durable bytes of a file and those below `end`, zeros between, and up to `size` if that is more. */
function kept(file: RecordedFile, { durable }: FileMoment, end: number, size = 0): Uint8Array {
  const length = Math.max(end, size, endOf(durable))
  if (length === end || isPrefix(durable, length)) return file.bytes(length)
  const bytes = new Uint8Array(length)
  bytes.set(file.bytes(end))
  copyRanges(bytes, file, durable)
  return bytes
}

function isPrefix(durable: Ranges, length: number): boolean {
  return length === 0 || (durable[0] === 0 && durable[1] === length)
}

function copyRanges(bytes: Uint8Array, file: RecordedFile, ranges: Ranges): void {
  const source = file.bytes()
  for (let i = 0; i < ranges.length; i += 2) bytes.set(source.subarray(ranges[i], ranges[i + 1]), ranges[i])
}

/** Where a torn file ends: the one written last within its last append, others anywhere, or at their end. */
function tornEnd(file: RecordedFile, { size, durable }: FileMoment, crash: CrashMoment): number {
  const { operation, lastWritten, random } = crash
  const from = Math.max(endOf(durable), file === lastWritten ? file.lastAppend(operation) : 0)
  if (file !== lastWritten && random(2) === 0) return size
  return from + random(size - from + 1)
}

function randomEnd({ size, durable }: FileMoment, random: Seeded): number {
  const from = endOf(durable)
  return [from, size, from + random(size - from + 1)][random(3)]
}

/** Any sectors of what was not synced; the file ends where it did, or after the last sector that is there. */
function sectors(file: RecordedFile, moment: FileMoment, crash: CrashMoment, stale: boolean): Uint8Array {
  const { size, durable } = moment
  const { sectorSize, random } = crash
  if (isPrefix(durable, size)) return file.bytes(size)
  const source = file.bytes(size)
  const bytes = new Uint8Array(size)
  const first = durable[0] === 0 ? durable[1] : 0
  let end = endOf(durable)
  // Mostly, few sectors are missing: what is lost alone behind much that is there is the harder case.
  const missing = 1 + random(3)
  for (let at = first - (first % sectorSize); at < size; at += sectorSize) {
    const next = Math.min(size, at + sectorSize)
    if (random(4) >= missing) {
      bytes.set(source.subarray(at, next), at)
      end = Math.max(end, next)
    } else if (stale) fillStale(bytes.subarray(at, next), crash)
  }
  copyRanges(bytes, file, durable)
  return random(2) === 0 ? bytes : bytes.subarray(0, end)
}

/** Fills a sector with the sector of a file that is gone, or with noise where there is none. */
function fillStale(target: Uint8Array, { stale, sectorSize, random }: CrashMoment): void {
  const count = Math.floor(stale.length / sectorSize)
  if (count > 0) target.set(stale.subarray(sectorSize * random(count)).subarray(0, target.length))
  else for (let i = 0; i < target.length; i++) target[i] = random(256)
}
