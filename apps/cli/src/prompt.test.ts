import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { run } from './run.ts'

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'lsm-prompt-'))
})
afterAll(() => {
  rmSync(directory, { recursive: true, force: true })
})

/** Streams that pass for a terminal of 60 columns. */
class Terminal {
  readonly stdin: PassThrough & { isTTY?: boolean } = new PassThrough()
  readonly stdout: PassThrough & { isTTY?: boolean; columns?: number } = new PassThrough()
  readonly stderr: PassThrough & { isTTY?: boolean } = new PassThrough()
  readonly interrupt: AbortSignal = new AbortController().signal
  readonly env: NodeJS.ProcessEnv
  out = ''
  err = ''

  constructor(env: NodeJS.ProcessEnv) {
    this.env = { NO_COLOR: '1', ...env }
    this.stdin.isTTY = this.stdout.isTTY = this.stderr.isTTY = true
    this.stdout.columns = 60
    this.stdout.on('data', chunk => (this.out += chunk))
    this.stderr.on('data', chunk => (this.err += chunk))
  }

  /** Waits until standard error says something, and clears it. */
  async until(text: string): Promise<void> {
    while (!this.err.includes(text)) await new Promise(resolve => setImmediate(resolve))
    this.err = ''
  }
}

test('a session: banner, commands in any case, a table, history, Ctrl-D', async () => {
  const historyFile = join(directory, 'state', 'lsm', 'history')
  const terminal = new Terminal({ XDG_STATE_HOME: join(directory, 'state') })
  const ended = run([join(directory, 'db')], terminal)
  await terminal.until('a new database. Type "help" for help')
  const type = async (line: string, answer: string): Promise<void> => {
    terminal.stdin.write(`${line}\r`)
    await terminal.until(answer)
  }
  await type('PUT fruit "a red apple"', 'ok\n')
  await type('put --hex 00 0102', 'ok\n')
  await type(`put long '${'v'.repeat(500)}'`, 'ok\n')
  await type(' put secret x', 'ok\n')
  await type('del secret', 'ok\n')
  await type('scan', '(3 entries)')
  await type('get "x', 'lsm: a double quote (") is not closed')
  terminal.stdin.write('\u0004')
  expect(await ended).toBe(0)
  expect(terminal.out).toBe(`key       value
0x00      0x0102
fruit     a red apple
long      ${'v'.repeat(49)}…
`)
  const kept = readFileSync(historyFile, 'utf8')
  expect(kept).toContain('PUT fruit "a red apple"\n')
  expect(kept).not.toContain('secret x')
  if (process.platform !== 'win32') expect(statSync(historyFile).mode & 0o777).toBe(0o600)
})

test('Ctrl-C drops the line, twice leaves; exit leaves', async () => {
  const terminal = new Terminal({ LSM_HISTORY: '' })
  const ended = run([join(directory, 'db2')], terminal)
  await terminal.until('lsm> ')
  terminal.stdin.write('put a')
  terminal.stdin.write('\u0003')
  await terminal.until('Ctrl-C again')
  terminal.stdin.write('has a\r')
  await terminal.until('lsm> ')
  expect(terminal.out).toBe('false\n')
  terminal.stdin.write('\u0003')
  await terminal.until('Ctrl-C again')
  terminal.stdin.write('\u0003')
  expect(await ended).toBe(130)

  const again = new Terminal({ LSM_HISTORY: '' })
  const left = run(['--read-only', join(directory, 'db2')], again)
  await again.until('read-only. Type "help"')
  again.stdin.write('put a b\r')
  await again.until('--read-only was given')
  again.stdin.write('QUIT\r')
  expect(await left).toBe(0)
})
