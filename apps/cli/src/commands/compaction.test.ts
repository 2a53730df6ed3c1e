import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'

import { Database } from '@lsm/db'
import { Random } from '@lsm/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import type { OutputStream } from '../output.ts'
import { run } from '../run.ts'

const ENTRIES = 4000

let directory = ''
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'lsm-compact-'))
  const random = new Random(3)
  await using database = await Database.open(directory, { valueEncoding: 'view', writeBufferSize: 64 * 1024 })
  await database.pauseCompaction()
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < ENTRIES; i++) await database.put(`key-${i}`, random.bytes(100))
    await database.flush()
  }
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** A terminal, or a file, that standard error goes to. */
class ErrorStream extends Writable {
  readonly isTTY: boolean
  readonly columns = 40
  text = ''
  readonly #onProgress: () => void

  constructor(isTTY: boolean, onProgress: () => void = () => {}) {
    super()
    this.isTTY = isTTY
    this.#onProgress = onProgress
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    if (this.text.includes('compacting: ')) this.#onProgress()
    done()
  }
}

function compact(stderr: OutputStream, interrupt: AbortSignal = new AbortController().signal): Promise<number> {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()]
  return run([directory, 'compact', '--workers', '0'], { stdin, stdout, stderr, env: {}, interrupt })
}

test('a terminal sees one line that is rewritten and then replaced by the sum', async () => {
  const stderr = new ErrorStream(true)
  expect(await compact(stderr)).toBe(0)
  const lines = stderr.text.split('\r\u001b[K').slice(1)
  const last = lines.pop() ?? ''
  expect(lines.length).toBeGreaterThan(0)
  for (const line of lines) expect(line).toMatch(/^(?:compacting: (?:\d\d? %, )?\d+ steps?.{0,27})?$/)
  expect(last).toMatch(/^[\d.]+ [KM]iB in \d+ tables → [\d.]+ KiB in 1 table; .* KiB written, \d+\.\d s\n$/)
})

test('anything else sees the sum alone', async () => {
  const stderr = new ErrorStream(false)
  expect(await compact(stderr)).toBe(0)
  expect(stderr.text).toMatch(/^.* → .*\n$/)
  expect(stderr.text).not.toContain('compacting')
})

test('Ctrl-C ends it with 130, takes the line away, and loses nothing', async () => {
  const interrupt = new AbortController()
  const stderr = new ErrorStream(true, () => interrupt.abort())
  expect(await compact(stderr, interrupt.signal)).toBe(130)
  expect(stderr.text.endsWith('\r\u001b[K')).toBe(true)
  expect(stderr.text).not.toContain('→')
  await using database = await Database.open(directory, { valueEncoding: 'view', readOnly: true })
  const random = new Random(3)
  for (let i = 0; i < 2 * ENTRIES; i++) random.bytes(100)
  for (let i = 0; i < ENTRIES; i++) expect(await database.get(`key-${i}`)).toEqual(random.bytes(100))
})
