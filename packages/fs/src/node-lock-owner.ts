/**
 * Who owns a lock, as one line of JSON, and whether that process still lives.
 *
 * ```
 * {"pid":4711,"host":"vm","boot":"5b6c…","start":"8812345","command":"node app.js","since":"2026-01-31T12:00:00.000Z"}
 * ```
 *
 * 1. A process is the same one if its number, its host, the host's boot and its own start agree; numbers come again.
 * 2. What cannot be found out here is left out of the line, and not held against a line that has it.
 * 3. A line may be torn, garbage or forged: it is checked, and what is wrong with it makes it no line at all.
 */
import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename } from 'node:path'
import { promisify } from 'node:util'

import type { LockOwner } from './node-lock-layer.ts'

/** A process, so that it can be told from another of the same number. */
export interface OwnerRecord extends LockOwner {
  readonly boot?: string | undefined
  /** When the process started, in the platform's own words. */
  readonly start?: string | undefined
}

/** The longest line that is read; a longer one is none. */
const MOST = 4096
/** How long the list of processes may take: a lock answers within 100 ms. */
const PATIENCE_MS = 60

const run = promisify(execFile)

/** The line that says that this process owns a lock from now on. */
export async function ownLine(): Promise<string> {
  const command = [basename(process.execPath), ...process.argv.slice(1)].join(' ').slice(0, 200)
  const [boot, start] = await Promise.all([bootOf(), startOf(process.pid)])
  const record = { pid: process.pid, host: hostname(), boot, start, command, since: new Date().toISOString() }
  return `${JSON.stringify(record)}\n`
}

/** Reads the line in a file; `undefined` if there is none to be had. */
async function readOwner(path: string): Promise<OwnerRecord | undefined> {
  try {
    const handle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
    try {
      const { buffer, bytesRead } = await handle.read(new Uint8Array(MOST), 0, MOST, 0)
      return parse(new TextDecoder().decode(buffer.subarray(0, bytesRead)))
    } finally {
      await handle.close()
    }
  } catch {
    return undefined
  }
}

/** Reads the line in a file, if the process that it names still lives. */
export async function readLivingOwner(path: string): Promise<OwnerRecord | undefined> {
  const owner = await readOwner(path)
  return owner !== undefined && (await isAlive(owner)) ? owner : undefined
}

async function isAlive({ pid, host, boot, start }: OwnerRecord): Promise<boolean> {
  if (host !== hostname() || !agree(boot, await bootOf()) || !exists(pid)) return false
  return agree(start, await startOf(pid))
}

/** Whether two words are the same, as far as both are known. */
function agree(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a === b
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function bootOf(): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined
  return readFile('/proc/sys/kernel/random/boot_id', 'latin1').then(text => text.trim(), nothing)
}

/** When a process started: clock ticks since boot on Linux, a date elsewhere, nothing on Windows. */
async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'win32') return undefined
  if (process.platform === 'linux') return readFile(`/proc/${pid}/stat`, 'latin1').then(startTicks, nothing)
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }
  return run('ps', ['-o', 'lstart=', '-p', `${pid}`], { env, timeout: PATIENCE_MS }).then(
    ({ stdout }) => stdout.trim() || undefined,
    nothing,
  )
}

/** The twenty-second field. The second, the command in parentheses, may hold spaces and parentheses itself. */
function startTicks(stat: string): string | undefined {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
}

function nothing(): undefined {
  return undefined
}

function parse(text: string): OwnerRecord | undefined {
  const end = text.indexOf('\n')
  if (end < 0) return undefined
  const value: unknown = JSON.parse(text.slice(0, end))
  if (typeof value !== 'object' || value === null) return undefined
  const { pid, ...words } = value as Record<string, unknown>
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0 || pid > 0x7fff_ffff) return undefined
  return {
    pid,
    host: word(words['host']),
    boot: word(words['boot']),
    start: word(words['start']),
    command: word(words['command']),
    since: word(words['since']),
  }
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
