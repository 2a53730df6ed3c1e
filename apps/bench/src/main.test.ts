import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { DRIVERS } from './drivers/index.ts'
import { WORKLOADS } from './workloads/index.ts'

/** The command as it was built: it measures in processes of its own. */
const MAIN = new URL('../dist/main.js', import.meta.url).pathname

const run = promisify(execFile)
let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lsm-bench-main-'))
})

afterAll(async () => {
  await rm(directory, { recursive: true, force: true })
})

test('measures each engine in each round, shows lines and tables, keeps the results and nothing else', async () => {
  const json = join(directory, 'results.json')
  const size = ['--num', '500', '--repeat', '2', '--workload', 'overwrite', '--workload', 'open-kill']
  const files = ['--json', json, '--svg', join(directory, 'results.svg'), '--markdown', join(directory, 'results.md')]
  const { stdout } = await run(process.execPath, [MAIN, ...size, '--dir', directory, ...files])
  expect(stdout.match(/overwrite {11}: +\d+\.\d{3} micros\/op; +\d+\.\d MB\/s/g)).toHaveLength(4)
  expect(stdout).toMatch(/│ write amplification \(tables\) +│ \d/)
  expect(stdout).toMatch(/│ open-kill +│ \d+ +│ \d+ {2}×\d/)
  const { results } = JSON.parse(await readFile(json, 'utf8')) as { results: { outcomes: { engine: string }[] }[] }
  expect(results[0].outcomes.map(({ engine }) => engine)).toEqual(['classic-level', 'lsm', 'lsm', 'classic-level'])
  expect(await readFile(join(directory, 'results.svg'), 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s)
  expect(await readFile(join(directory, 'results.md'), 'utf8')).toMatch(/^\| open-kill \| 500 \| \d/m)
  expect((await readdir(directory)).toSorted()).toEqual(['results.json', 'results.md', 'results.svg'])
})

test('cold reads, memory and allocations are measured, or it is said why not', async () => {
  const names = ['readcold', 'memory-4kb', 'allocations-get']
  const size = [
    '--num',
    '500',
    '--ops',
    '500',
    '--repeat',
    '1',
    '--dir',
    directory,
    '--engine',
    'lsm:cacheSize=8388608',
  ]
  const { stdout } = await run(process.execPath, [MAIN, ...size, ...names.flatMap(name => ['--workload', name])])
  expect(stdout).toMatch(/│ readcold: loop delay p99|not measured: .*page cache/)
  expect(stdout).toMatch(/│ memory-4kb: of it array buffers, MB +│ -?\d/)
  expect(stdout).toMatch(/│ allocations-get: heap bytes\/op +│ \d{3}/)
  expect(stdout).toMatch(/bytes\/op, +\d+\.\d\d objects\/op in .*\.js:\d+\)/)
})

test('an engine that fails is named, and the exit code tells', async () => {
  const size = ['--workload', 'fillseq', '--num', '100', '--repeat', '1', '--dir', directory]
  const failed = run(process.execPath, [MAIN, ...size, '--engine', 'lsm', '--engine', 'lsm:speed=11'])
  const stdout = expect.stringContaining("FAILED: TypeError: 'speed' is not an option")
  await expect(failed).rejects.toMatchObject({ code: 1, stdout })
})

test('help names all engines and workloads', async () => {
  const { stdout } = await run(process.execPath, [MAIN, '--help'])
  for (const name of [...DRIVERS.keys(), ...WORKLOADS.keys()]) expect(stdout).toContain(name)
})
