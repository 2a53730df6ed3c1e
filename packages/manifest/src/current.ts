/**
 * CURRENT: which manifest is the live one.
 *
 *     CURRENT = "MANIFEST-" digit{1,20} "\n"
 *
 * 1. It is replaced in one step, and only by the name of a manifest that is durable.
 * 2. Where it is missing, there is no database only if there is nothing of one: making a new database over the tables and
 *    logs of an old one would destroy them.
 *
 * Does not know what is in a manifest.
 */
import { corruption, LsmError, type Directory, type ReadableFile } from '@lsm/base'

import { CURRENT, manifestFileName, parseFileName } from './file-names.ts'

/** A manifest: the name that CURRENT gives it, and the number in it. */
export interface ManifestName {
  readonly name: string
  readonly number: number
}

/** "MANIFEST-", twenty digits, a newline. */
const LONGEST = 30

/**
 * Bytes in the manifest of a database that was made and not used, at most: what LevelDB writes has 41, ours 43. If it
 * alone is there, a crash came before CURRENT.
 */
const UNUSED_MANIFEST = 64

const ADVICE = 'restore it, or repair the database'

/**
 * The live manifest.
 *
 * @throws LsmError `LSM_NOT_FOUND` if there is no database, `LSM_CORRUPTION` if CURRENT is missing or damaged.
 */
export async function readCurrent(directory: Directory): Promise<ManifestName> {
  let file: ReadableFile
  try {
    file = await directory.openFile(CURRENT)
  } catch (error) {
    if (!(error instanceof LsmError) || error.code !== 'LSM_NOT_FOUND') throw error
    await refuseLeftovers(directory)
    throw new LsmError('LSM_NOT_FOUND', `there is no database in ${directory.path}`, { file: CURRENT, cause: error })
  }
  try {
    return parseCurrent(await readText(file))
  } finally {
    await file.close()
  }
}

/** Makes a durable manifest the live one. */
export async function writeCurrent(directory: Directory, manifestNumber: number): Promise<void> {
  await directory.replaceFile(CURRENT, new TextEncoder().encode(`${manifestFileName(manifestNumber)}\n`))
}

/**
 * Refuses a directory that holds files of a database, where a new one is to be made or CURRENT is missing.
 *
 * @throws LsmError `LSM_CORRUPTION`, naming one of them.
 */
export async function refuseLeftovers(directory: Directory): Promise<void> {
  for (const { name, size } of await directory.list()) {
    const parsed = parseFileName(name)
    const isData = parsed?.kind === 'table' || parsed?.kind === 'log'
    const isUsed = parsed?.kind === 'manifest' && (parsed.number !== 1 || size > UNUSED_MANIFEST)
    if (isData || isUsed) throw corruption(`${name} exists without CURRENT; ${ADVICE}`, CURRENT, 0)
  }
}

async function readText(file: ReadableFile): Promise<string> {
  const bytes = new Uint8Array(LONGEST + 1)
  const length = await file.read(0, bytes, 0, bytes.length)
  return String.fromCharCode(...bytes.subarray(0, length))
}

function parseCurrent(text: string): ManifestName {
  const [, name, digits] = /^(MANIFEST-([0-9]{1,20}))\n$/.exec(text) ?? []
  const number = Number(digits)
  if (Number.isSafeInteger(number)) return { name, number }
  throw corruption(`CURRENT holds ${JSON.stringify(text)}, not the name of a manifest; ${ADVICE}`, CURRENT, 0)
}
