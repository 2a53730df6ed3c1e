/**
 * What a new start finds: the folders of a file system after a crash, all of it durable.
 *
 * Files share the bytes of the file system that crashed wherever they are the beginning of one, so that an image costs
 * about as much as its list of names.
 */
import { crashPolicy, type CrashMoment, type CrashOptions, type CrashPolicy } from './crash-policy.ts'
import { RecordedFile } from './recorded-file.ts'
import { RecordedFolder, type NameChange } from './recorded-folder.ts'
import { seeded } from './seeded.ts'

/** The folders after a crash. */
export interface CrashImage {
  readonly root: RecordedFolder
  /** Equal for two images of one file system that are equal. */
  readonly fingerprint: string
}

const NOTHING: NameChange['names'] = []

/** Bytes of files that are gone which may come up again. */
const MOST_STALE = 65_536

/** Makes the image of a crash. */
export function crashImage(root: RecordedFolder, operation: number, options: CrashOptions): CrashImage {
  const { variant = 'strict', seed = 0, sectorSize = 512, splitRenames = false } = options
  const random = seeded(seed * 1_000_003 + operation)
  const facts = factsOf(root, operation, variant === 'stale')
  const moment: CrashMoment = { operation, sectorSize, random, ...facts }
  const policy = crashPolicy(variant, moment)
  return new Copying(operation, policy, splitRenames ? () => random(2) === 0 : () => false).copy(root)
}

/** Copies folders as a policy leaves them. */
class Copying {
  readonly #operation: number
  readonly #policy: CrashPolicy
  readonly #splits: () => boolean
  readonly #files = new Map<RecordedFile, RecordedFile>()
  readonly #print: string[] = []

  constructor(operation: number, policy: CrashPolicy, splits: () => boolean) {
    this.#operation = operation
    this.#policy = policy
    this.#splits = splits
  }

  copy(root: RecordedFolder): CrashImage {
    return { root: this.#folder(root), fingerprint: this.#print.join('\n') }
  }

  #folder(folder: RecordedFolder): RecordedFolder {
    const copy = new RecordedFolder()
    const left = folder.at(this.#operation, change => this.#left(change))
    for (const [name, node] of left) {
      this.#print.push(name)
      copy.change(0, [[name, node instanceof RecordedFile ? this.#file(node) : this.#folder(node)]], true)
    }
    this.#print.push('/')
    return copy
  }

  /** What is left of a change of names: a rename that is split has made the new name, and the old one is still there. */
  #left(change: NameChange): NameChange['names'] {
    if (change.durableFrom <= this.#operation) return change.names
    if (!this.#policy.keeps(change)) return NOTHING
    return change.names.length > 1 && this.#splits() ? change.names.filter(([, node]) => node) : change.names
  }

  #file(file: RecordedFile): RecordedFile {
    const known = this.#files.get(file)
    if (known !== undefined) return known
    const bytes = this.#policy.contents(file, file.at(this.#operation))
    const copy = new RecordedFile(0, bytes)
    this.#files.set(file, copy)
    const shared = bytes.buffer === file.bytes().buffer
    this.#print.push(`${file.id} ${bytes.length}${shared ? '' : ` ${hash(bytes)}`}`)
    return copy
  }
}

function factsOf(
  root: RecordedFolder,
  operation: number,
  wantsStale: boolean,
): Pick<CrashMoment, 'firstPending' | 'lastWritten' | 'stale'> {
  let firstPending = operation
  let lastWritten: RecordedFile | undefined
  const gone: Uint8Array[] = []
  const visit = (folder: RecordedFolder): void => {
    firstPending = Math.min(firstPending, folder.firstPending(operation))
    const live = new Set(folder.at(operation, ({ names }) => names).values())
    for (const node of folder.everything(operation)) {
      if (node instanceof RecordedFolder) visit(node)
      else if (live.has(node)) {
        if (lastWritten === undefined || node.at(operation).operation > lastWritten.at(operation).operation)
          lastWritten = node
        firstPending = Math.min(firstPending, node.firstPending(operation))
      } else if (wantsStale) gone.push(node.bytes(node.at(operation).size))
    }
  }
  visit(root)
  return { firstPending, lastWritten, stale: joined(gone) }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const size = Math.min(
    MOST_STALE,
    pieces.reduce((sum, { length }) => sum + length, 0),
  )
  const bytes = new Uint8Array(size)
  let at = 0
  for (const piece of pieces.toReversed()) {
    if (at >= size) break
    bytes.set(piece.subarray(0, size - at), at)
    at += piece.length
  }
  return bytes
}

/** FNV-1a: tells images apart, and nothing depends on it but how often the same is tried. */
function hash(bytes: Uint8Array): number {
  let state = 0x811c_9dc5
  for (const byte of bytes) state = Math.imul(state ^ byte, 0x0100_0193)
  return state >>> 0
}
