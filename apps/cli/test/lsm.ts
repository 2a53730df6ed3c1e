/**
 * Runs the built `lsm` as a process of its own.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))

/** How a process ended, and what it wrote. */
export interface Result {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Standard output as bytes. */
  readonly bytes: Buffer
}

/** Starts `lsm`; the caller talks to it. */
export function startLsm(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcessWithoutNullStreams {
  const { LSM_DB: _db, LSM_DEBUG: _debug, ...inherited } = process.env
  const child = spawn(process.execPath, [MAIN, ...args], { env: { ...inherited, LSM_HISTORY: '', ...env } })
  // A process that ends early does not read its input; that is its right.
  child.stdin.on('error', () => {})
  return child
}

/** Runs `lsm` with some input. */
export async function lsm(
  args: readonly string[],
  input: string | Uint8Array = '',
  env: NodeJS.ProcessEnv = {},
): Promise<Result> {
  const child = startLsm(args, env)
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  child.stdin.end(input)
  const [code] = (await once(child, 'close')) as [number | null]
  const bytes = Buffer.concat(out)
  return { code, stdout: bytes.toString(), stderr: Buffer.concat(err).toString(), bytes }
}

/** Waits until a process has written a line, and returns it. */
export async function nextLine(child: ChildProcessWithoutNullStreams): Promise<string> {
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
  return chunk.toString().trimEnd()
}

/** An empty directory that is gone when the test is over. */
export class TemporaryDirectory {
  readonly path: string = mkdtempSync(join(tmpdir(), 'lsm-cli-'))

  /** A path in it. */
  at(name: string): string {
    return join(this.path, name)
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
