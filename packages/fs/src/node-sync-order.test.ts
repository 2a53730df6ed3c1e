/**
 * What is asked of the system, in which order: no crash of a process can show whether a sync was left out, but Node's own
 * trace of the calls can.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { afterAll, beforeAll, expect, test } from 'vitest'

interface TraceEvent {
  readonly cat: string
  readonly ph: string
  readonly ts: number
  readonly name: string
  readonly args: { readonly path?: string; readonly old_path?: string; readonly new_path?: string }
}

const CALLS = new Set(['open', 'write', 'fdatasync', 'fsync', 'rename', 'unlink'])

let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lsm-order-'))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The calls that a child makes on a directory that it makes, oldest first. */
function callsOfChild(): string[] {
  const trace = join(folder, 'trace.json')
  const child = fileURLToPath(new URL('../testdata/order-child.mjs', import.meta.url))
  const categories = 'node.fs.sync,node.fs.async'
  const flags = ['--trace-event-categories', categories, '--trace-event-file-pattern', trace]
  execFileSync(process.execPath, [...flags, child, join(folder, 'db')], { cwd: folder })
  const { traceEvents } = JSON.parse(readFileSync(trace, 'utf8')) as { traceEvents: TraceEvent[] }
  return traceEvents
    .filter(({ cat, ph }) => cat.includes('node.fs') && ph.toLowerCase() === 'b')
    .sort((a, b) => a.ts - b.ts)
    .map(({ name, args: { path, old_path: from, new_path: to } }) => [
      name.replace('fs.sync.', ''),
      ...[path, from, to].filter(given => given !== undefined).map(given => basename(given)),
    ])
    .filter(([call]) => CALLS.has(call))
    .map(words => words.join(' '))
}

test.skipIf(process.platform === 'win32')(
  'files are synced before they are renamed, and directories afterwards',
  () => {
    const calls = callsOfChild()
    // The directory that the database's own was made in.
    const parent = `open ${basename(folder)}`
    expect(calls.slice(calls.indexOf(parent))).toEqual(
      [
        [parent, 'fsync'],
        [
          'unlink CURRENT.tmp',
          'open CURRENT.tmp',
          'write',
          'fdatasync',
          'rename CURRENT.tmp CURRENT',
          'open db',
          'fsync',
        ],
        ['unlink a.log', 'open a.log', 'write', 'fdatasync'],
        ['open a.log', 'fdatasync'],
        ['open db', 'fsync'],
        ['unlink a.log'],
      ].flat(),
    )
  },
)
