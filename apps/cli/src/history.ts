/**
 * What was typed at the prompt, kept in a file of the user's own.
 *
 * The file is `$LSM_HISTORY`, or `lsm/history` under `$XDG_STATE_HOME` or `~/.local/state`; with `LSM_HISTORY=` there is
 * none. Only its owner can read it. Lines that begin with a blank are not kept. A history that cannot be read or
 * written is no reason to stop anybody's work.
 */
import { appendFileSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/** Lines that are kept. */
export const HISTORY_SIZE = 1000

/** The history of the prompt. */
export class History {
  /** Newest first. */
  readonly lines: string[]
  readonly #path: string | undefined
  #newest: string | undefined

  /** Reads the history that the environment asks for. */
  constructor(env: NodeJS.ProcessEnv) {
    this.#path = historyPath(env)
    const kept = readLines(this.#path)
    this.lines = kept.reverse()
    this.#newest = this.lines[0]
  }

  /** Keeps a line. */
  add(line: string): void {
    if (line.trim() === '' || line.startsWith(' ') || line === this.#newest || this.#path === undefined) return
    this.#newest = line
    attempt(() => appendFileSync(this.#path as string, `${line}\n`, { mode: 0o600 }))
  }
}

function historyPath(env: NodeJS.ProcessEnv): string | undefined {
  const named = env['LSM_HISTORY']
  if (named !== undefined) return named === '' ? undefined : named
  const state = env['XDG_STATE_HOME']
  return join(state === undefined || state === '' ? join(homedir(), '.local', 'state') : state, 'lsm', 'history')
}

/** The lines of the file, oldest first; a file that has grown is cut. */
function readLines(path: string | undefined): string[] {
  if (path === undefined) return []
  let all: string[] = []
  attempt(() => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    appendFileSync(path, '', { mode: 0o600 })
    chmodSync(path, 0o600)
    all = readFileSync(path, 'utf8').split('\n').filter(Boolean)
    if (all.length > 2 * HISTORY_SIZE) writeFileSync(path, `${all.slice(-HISTORY_SIZE).join('\n')}\n`)
  })
  return all.slice(-HISTORY_SIZE)
}

function attempt(action: () => void): void {
  try {
    action()
  } catch {
    // See the header: the prompt works without.
  }
}
