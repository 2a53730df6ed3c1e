/**
 * LSM-STATE: what an orderly close left behind, so that the next open can tell damage from the traces of a crash.
 *
 *     {"manifest":"MANIFEST-000007","manifestSize":211,"logs":[{"name":"000009.log","size":1044}],"lastSequence":31}\n
 *     7f00a1c2\n                       CRC-32C of the first line, in hexadecimal
 *
 * A crash may leave a torn log, so a torn log is forgiven. After an orderly close nothing is torn, so nothing is.
 *
 * 1. It is written last, after everything it speaks of is durable.
 * 2. It is believed only as long as nobody has written since: another MANIFEST, a longer one, or a longer or newer log
 *    (LevelDB was here) make it void. So it need not be removed by whoever opens the database next.
 * 3. It is a help and no part of the database: one that is missing, torn or damaged is as if it had never been.
 *
 * LevelDB ignores and keeps a file of this name.
 */
import { corruption, crc32c, type LsmError, type Directory, type DirectoryEntry } from '@lsm/base'
import { parseFileName, type VersionSet } from '@lsm/manifest'

import type { Replayed } from './recovery.ts'

/** The file's name. */
export const STATE_FILE = 'LSM-STATE'

/** More than this is none of ours: it names a MANIFEST and a handful of logs. */
const LARGEST = 64 * 1024

/** What a database consisted of, beside its tables, when it was closed. */
export interface CleanState {
  readonly manifest: string
  readonly manifestSize: number
  readonly logs: readonly { readonly name: string; readonly size: number }[]
  readonly lastSequence: number
}

/** Notes an orderly close. */
export async function writeCleanState(directory: Directory, state: CleanState): Promise<void> {
  const line = new TextEncoder().encode(`${JSON.stringify(state)}\n`)
  const crc = crc32c(line, 0, line.length).toString(16).padStart(8, '0')
  await directory.replaceFile(STATE_FILE, new TextEncoder().encode(`${new TextDecoder().decode(line)}${crc}\n`))
}

/** Reads what the last orderly close noted; `undefined` if there is nothing to be believed. */
export async function readCleanState(
  directory: Directory,
  entries: readonly DirectoryEntry[],
): Promise<CleanState | undefined> {
  const entry = entries.find(({ name, isFile }) => name === STATE_FILE && isFile)
  if (entry === undefined || entry.size > LARGEST) return undefined
  const bytes = new Uint8Array(entry.size)
  const file = await directory.openFile(STATE_FILE)
  try {
    await file.read(0, bytes, 0, bytes.length)
  } finally {
    await file.close()
  }
  const end = bytes.indexOf(10) + 1
  const crc = new TextDecoder().decode(bytes.subarray(end)).trim()
  if (crc !== crc32c(bytes, 0, end).toString(16).padStart(8, '0')) return undefined
  return parse(new TextDecoder().decode(bytes.subarray(0, end)))
}

/**
 * Refuses a database that differs from what an orderly close left.
 *
 * @throws LsmError `LSM_CORRUPTION` naming the file that is damaged.
 */
export function checkCleanState(
  state: CleanState | undefined,
  entries: readonly DirectoryEntry[],
  { recovered, logNumber }: VersionSet,
  replayed: Pick<Replayed, 'dropped' | 'lastSequence'>,
): void {
  if (state === undefined || state.manifest !== recovered.manifest || recovered.bytes > state.manifestSize) return
  const sizes = new Map(entries.map(({ name, size }) => [name, size]))
  if (wasWrittenSince(state, entries, logNumber)) return
  const [dropped] = [...recovered.dropped, ...replayed.dropped]
  if (dropped !== undefined) throw damaged(dropped.reason, dropped.file, dropped.offset)
  if (recovered.bytes < state.manifestSize)
    throw damaged('the MANIFEST is shorter than it was', state.manifest, recovered.bytes)
  for (const { name, size } of state.logs) {
    const found = sizes.get(name)
    if (found === undefined) throw damaged('the log is missing', name, 0)
    if (found < size) throw damaged('the log is shorter than it was', name, found)
  }
  if (replayed.lastSequence !== state.lastSequence) {
    const last = state.logs.at(-1)
    const message = `the last write has number ${replayed.lastSequence} and had ${state.lastSequence}`
    throw damaged(message, last?.name ?? state.manifest, last?.size ?? 0)
  }
}

/** Whether a log has grown, or a new one has come, since the close. */
function wasWrittenSince({ logs }: CleanState, entries: readonly DirectoryEntry[], logNumber: number): boolean {
  const noted = new Map(logs.map(({ name, size }) => [name, size]))
  return entries.some(({ name, size }) => {
    const parsed = parseFileName(name)
    return parsed?.kind === 'log' && parsed.number >= logNumber && size > (noted.get(name) ?? 0)
  })
}

function damaged(what: string, file: string, offset: number): LsmError {
  const message = `${what}, although the database was closed in order: this is no trace of a crash; restore a backup, or repair`
  return corruption(message, file, offset)
}

/** The state in a line; `undefined` if it is none, whatever its checksum says. */
function parse(line: string): CleanState | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { manifest, manifestSize, logs, lastSequence } = value as Partial<CleanState>
  if (typeof manifest !== 'string' || !isCount(manifestSize) || !isCount(lastSequence)) return undefined
  return Array.isArray(logs) && logs.every(isLog) ? { manifest, manifestSize, logs, lastSequence } : undefined
}

function isLog(log: unknown): boolean {
  if (typeof log !== 'object' || log === null) return false
  const { name, size } = log as Partial<CleanState['logs'][number]>
  return typeof name === 'string' && isCount(size)
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
