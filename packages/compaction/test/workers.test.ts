/**
 * Worker threads: what becomes of jobs when a thread fails or dies, in which order jobs are done, and where workers cannot be.
 */
import { LsmError, type Directory, type ModuleReference } from '@lsm/base'
import { RateLimiter, type Job, type TableComponents } from '@lsm/compaction'
import { makeRunner, WorkerRunner } from '@lsm/compaction/node'
import { MemoryFileSystem } from '@lsm/fs/memory'
import { nodeFileSystem } from '@lsm/fs/node'
import { CodecRegistry, DEFAULT_CODECS, SNAPPY, type Codec } from '@lsm/sstable'
import { Random, randomEntries } from '@lsm/testkit'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { compactionOf, components, fileNames, flushOf, readTables, settings, writeEntries } from './support.ts'

const CODECS = new URL('codecs.mjs', import.meta.url).href
const entries = randomEntries(new Random(4), 5000)

let folder: string
let directory: Directory
let runner: WorkerRunner

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lsm-workers-'))
  directory = await nodeFileSystem.openDirectory(folder, true)
  runner = new WorkerRunner(directory, withCodecs('renamed', 'exiting', 'throwing', 'crashing'), 1)
})

afterEach(async () => {
  await runner.close()
  rmSync(folder, { recursive: true })
})

describe('a thread', () => {
  test('loads codecs that are not built in', async () => {
    const { files } = await runner.run(compressedBy('renamed'))
    expect(files[0].entries).toBe(entries.length)
  })

  test.each([
    ['exits', 'exiting', 'ended with exit code 3'],
    ['crashes', 'crashing', 'ended with exit code 1'],
  ])('that %s fails its job, leaves no file, and is replaced', async (_, codec, message) => {
    const failing = runner.run(compressedBy(codec))
    const waiting = runner.run(compressedBy('snappy', 200))
    await expect(failing).rejects.toMatchObject({ code: 'LSM_IO', message: expect.stringContaining(message) })
    const { files } = await waiting
    expect(await fileNames(directory)).toEqual(['000200.ldb'])
    expect(await readTables(directory, files)).toEqual(entries)
  })

  test('that exits in a compaction leaves no file of it either', async () => {
    const inputs = [{ level: 0, tables: [await writeEntries(directory, 1, entries)] }]
    const job = compactionOf(inputs, { readers: everySequence(), table: { ...settings, compression: 'exiting' } })
    await expect(runner.run(job)).rejects.toMatchObject({ code: 'LSM_IO' })
    expect(await fileNames(directory)).toEqual(['000001.ldb'])
  })

  test('that throws fails its job only', async () => {
    await expect(runner.run(compressedBy('throwing'))).rejects.toThrow('out of paper')
    expect(await fileNames(directory)).toEqual([])
    await runner.run(compressedBy('snappy', 200))
    expect(await fileNames(directory)).toEqual(['000200.ldb'])
  })

  test.each<[string, ModuleReference]>([
    ['module', { url: new URL('nowhere.mjs', import.meta.url).href, export: 'renamed' }],
    ['function', { url: CODECS, export: 'nothing' }],
  ])('that cannot load a %s fails every job', async (_, module) => {
    const lost = new WorkerRunner(
      directory,
      { ...components, codecs: registry({ ...SNAPPY, id: 9, name: 'x', module }) },
      1,
    )
    for (let i = 0; i < 2; i++) {
      await expect(lost.run(compressedBy('snappy'))).rejects.toMatchObject({ code: 'LSM_NOT_SUPPORTED' })
    }
    await lost.close()
  })

  test('that cannot be told the job fails it, and goes on', async () => {
    const job = { ...compressedBy('snappy'), mistake: () => undefined }
    await expect(runner.run(job)).rejects.toThrow('could not be cloned')
    await runner.run(compressedBy('snappy', 200))
  })

  test('that is idle lets the process end', { timeout: 30_000 }, async () => {
    const program = fileURLToPath(new URL('idle-worker.mjs', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [program, folder], { timeout: 20_000 })
    expect(stdout).toBe('1\n')
  })
})

describe('jobs that wait', () => {
  /** Its writing takes for ever, until it is cancelled. */
  let endless: Job
  let slow: WorkerRunner
  let cancel: AbortController
  let ended: string[]

  beforeEach(async () => {
    const many = randomEntries(new Random(5), 12_000)
    const inputs = [{ level: 0, tables: [await writeEntries(directory, 1, many)] }]
    endless = compactionOf(inputs, { readers: everySequence(40_000), table: { ...settings, compression: 'none' } })
    cancel = new AbortController()
    ended = []
  })

  afterEach(() => slow.close())

  test('are done flushes first', async () => {
    slow = new WorkerRunner(directory, components, 1, new RateLimiter(1))
    const running = note('endless', slow.run(endless, { signal: cancel.signal }))
    const waiting = [note('compaction', slow.run(await smallCompaction())), note('flush', slow.run(smallFlush()))]
    cancel.abort()
    await Promise.all([running, ...waiting])
    expect(ended).toEqual(['endless LSM_ABORTED', 'flush', 'compaction'])
  })

  test('leave one of several threads to flushes', async () => {
    slow = new WorkerRunner(directory, components, 2, new RateLimiter(1))
    const running = note('endless', slow.run(endless, { signal: cancel.signal }))
    const compaction = note('compaction', slow.run(await smallCompaction()))
    await note('flush', slow.run(smallFlush()))
    cancel.abort()
    await Promise.all([running, compaction])
    expect(ended).toEqual(['flush', 'endless LSM_ABORTED', 'compaction'])
  })

  test('can be cancelled', async () => {
    slow = new WorkerRunner(directory, components, 1, new RateLimiter(1))
    const running = note('endless', slow.run(endless, { signal: cancel.signal }))
    const other = new AbortController()
    const waiting = note('waiting', slow.run(smallFlush(), { signal: other.signal }))
    other.abort()
    await waiting
    cancel.abort()
    await running
    expect(ended).toEqual(['waiting LSM_ABORTED', 'endless LSM_ABORTED'])
    expect(await fileNames(directory)).toEqual(['000001.ldb'])
  })

  test('end when the runner is closed, and no other begins', async () => {
    slow = new WorkerRunner(directory, components, 1, new RateLimiter(1))
    const running = note('endless', slow.run(endless))
    const waiting = note('waiting', slow.run(smallFlush()))
    while ((await fileNames(directory)).length < 2) await new Promise(setImmediate)
    await slow.close()
    await Promise.all([running, waiting, note('late', slow.run(smallFlush()))])
    expect(ended.toSorted()).toEqual(['endless LSM_ABORTED', 'late LSM_CLOSED', 'waiting LSM_CLOSED'])
    expect(await fileNames(directory)).toEqual(['000001.ldb'])
    await slow.close()
  })

  function smallFlush(): Job {
    return flushOf(entries.slice(0, 10), { fileNumber: 300 })
  }

  async function smallCompaction(): Promise<Job> {
    const tables = [await writeEntries(directory, 2, entries.slice(0, 10))]
    return compactionOf([{ level: 0, tables }], { fileNumbers: [200] })
  }

  /** Notes how a job ended. */
  async function note(name: string, job: Promise<unknown>): Promise<void> {
    await job.then(
      () => ended.push(name),
      (error: unknown) => ended.push(`${name} ${error instanceof LsmError ? error.code : String(error)}`),
    )
  }
})

describe('a runner is made', () => {
  test('of worker threads where these can reach everything', async () => {
    const made = makeRunner({ directory, components: withCodecs('renamed'), workers: 2 })
    expect(made.reason).toBeUndefined()
    expect(made.runner).toMatchObject({ kind: 'workers', parallel: 2 })
    const { files } = await made.runner.run(compressedBy('renamed'))
    expect(files[0].entries).toBe(entries.length)
    await made.runner.close()
  })

  test('without threads where none are asked for, and says no reason', () => {
    const made = makeRunner({ directory, components, workers: 0 })
    expect(made).toMatchObject({ runner: { kind: 'inline', parallel: 1 }, reason: undefined })
  })

  test.each<[string, () => Promise<{ directory: Directory; components: TableComponents }>, string]>([
    [
      'the directory is in memory',
      async () => ({ directory: await new MemoryFileSystem().openDirectory('/x', true), components }),
      'the file system has no module that another thread could load',
    ],
    [
      'a codec has no module',
      async () => ({ directory, components: { ...components, codecs: registry({ ...SNAPPY, id: 9, name: 'mine' }) } }),
      "the codec 'mine' has no module that another thread could load",
    ],
    [
      'a filter policy has no module',
      async () => ({
        directory,
        components: { ...components, filters: [{ ...components.filters[0], module: undefined }] },
      }),
      "the filter policy 'filter.lsm.BlockedBloom1' has no module that another thread could load",
    ],
  ])('without threads where %s, and says so', async (_, parts, reason) => {
    const made = makeRunner({ ...(await parts()), workers: 2 })
    expect(made).toMatchObject({ runner: { kind: 'inline' }, reason })
  })

  test('of at least one thread', () => {
    expect(() => new WorkerRunner(directory, components, 0)).toThrow(TypeError)
  })
})

function compressedBy(compression: string, fileNumber = 100): Job {
  return flushOf(entries, { fileNumber, readers: everySequence(), table: { ...settings, compression } })
}

/** Readers that need every version. */
function everySequence(count = 20_000): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

function withCodecs(...names: string[]): TableComponents {
  const codecs = names.map((name, i): Codec => {
    return { ...SNAPPY, id: 9 + i, name, module: { url: CODECS, export: name, argument: name } }
  })
  return { ...components, codecs: registry(...codecs) }
}

function registry(...codecs: Codec[]): CodecRegistry {
  return new CodecRegistry([...DEFAULT_CODECS, ...codecs])
}
