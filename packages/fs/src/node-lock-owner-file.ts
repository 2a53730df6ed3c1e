/**
 * A lock made of files alone, for platforms without a name that the kernel takes back: the last resort.
 *
 * ```
 * LOCK.owner-7            the line of the owner, or of one that has died, or nothing: it was released
 * LOCK.claim-4711-0a1b…   a line on its way to become LOCK.owner-8
 * ```
 *
 * The owner is the living process in the file of the highest number. To claim, one who finds that file to be of a
 * dead or no owner links a finished line to the next number, which succeeds for one alone.
 *
 * 1. Numbers only rise: the highest file is never removed, so a claimant who has been asleep since it looked cannot
 *    claim beside an owner of a higher number. It looks again after claiming, and steps back if there is one.
 * 2. An owner clears away what is below the number before its own, and claims; a claimant whose line is cleared away
 *    writes another.
 * 3. Released is an empty file. It stays, and is the only thing that stays.
 */
import { randomBytes } from 'node:crypto'
import { link, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

import { errorCode } from './node-errors.ts'
import { lockedError, type LockHold, type LockLayer, type LockPlace } from './node-lock-layer.ts'
import { ownLine, readLivingOwner } from './node-lock-owner.ts'

/** Each attempt but the last was overtaken by another claimant's success, so even a few would do. */
const ATTEMPTS = 100

const OVERTAKEN: ReadonlySet<string> = new Set(['EEXIST', 'ENOENT'])
const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/** Takes the next number. */
export const ownerFiles: LockLayer = {
  async take(place: LockPlace): Promise<LockHold | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const last = await highest(place)
      const owner = await readLivingOwner(fileOf(place, last))
      if (owner !== undefined) throw lockedError(place.path, owner)
      const failure = await claim(place, last + 1)
      if (NO_LINKS.has(failure)) return undefined
      if (failure !== '') continue
      if (await isHighest(place, last + 1)) return hold(place, last + 1)
      await rm(fileOf(place, last + 1), { force: true })
    }
    throw lockedError(place.path, undefined)
  },
  async look(place: LockPlace): Promise<void> {
    const owner = await readLivingOwner(fileOf(place, await highest(place)))
    if (owner !== undefined) throw lockedError(place.path, owner)
  },
}

async function hold(place: LockPlace, number: number): Promise<LockHold> {
  await clear(place, number).catch(() => {})
  return { kind: 'owner file', release: () => truncate(fileOf(place, number), 0) }
}

/** Tries to become the owner of a number; returns the code of the failure, or nothing. */
async function claim(place: LockPlace, number: number): Promise<string> {
  const line = `${place.file}.claim-${process.pid}-${randomBytes(8).toString('hex')}`
  try {
    await writeFile(line, await ownLine(), { flag: 'wx', mode: place.fileMode })
    await link(line, fileOf(place, number))
    return ''
  } catch (error) {
    const code = errorCode(error)
    if (OVERTAKEN.has(code) || NO_LINKS.has(code)) return code
    throw error
  } finally {
    await rm(line, { force: true })
  }
}

/** Removes the traces of earlier owners and claimants. */
async function clear(place: LockPlace, number: number): Promise<void> {
  const folder = dirname(place.file)
  const claims = `${basename(place.file)}.claim-`
  for (const name of await readdir(folder)) {
    const old = numberOf(place, name) < number - 1 && numberOf(place, name) > 0
    if (old || name.startsWith(claims)) await rm(join(folder, name), { force: true })
  }
}

/** Whether nobody has come beyond a number. Not knowing counts as no: the claim is then withdrawn. */
async function isHighest(place: LockPlace, number: number): Promise<boolean> {
  return highest(place).then(
    most => most === number,
    () => false,
  )
}

async function highest(place: LockPlace): Promise<number> {
  const names = await readdir(dirname(place.file))
  return names.reduce((most, name) => Math.max(most, numberOf(place, name)), 0)
}

/** The number in a name; 0 for any other name. */
function numberOf(place: LockPlace, name: string): number {
  const start = `${basename(place.file)}.owner-`
  const digits = name.slice(start.length)
  return name.startsWith(start) && /^[1-9]\d{0,14}$/u.test(digits) ? Number(digits) : 0
}

function fileOf(place: LockPlace, number: number): string {
  return `${place.file}.owner-${number}`
}
