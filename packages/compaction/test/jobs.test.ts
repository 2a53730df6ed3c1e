/**
 * Jobs as a whole, by both runners: small tables written out by hand, and random ones against a model.
 */
import {
  compareBytes,
  compareInternalKeys,
  TAG_SIZE,
  tagSequence,
  tagType,
  TYPE_DELETION,
  type Directory,
} from '@lsm/base'
import {
  InlineRunner,
  RateLimiter,
  type CompactionJob,
  type JobProgress,
  type JobRunner,
  type LevelInput,
  type TableDescription,
} from '@lsm/compaction'
import { WorkerRunner } from '@lsm/compaction/node'
import { MemoryFileSystem } from '@lsm/fs/memory'
import { nodeFileSystem } from '@lsm/fs/node'
import { tableFileName } from '@lsm/manifest'
import { Random, randomEntries, testSeed, type Entry } from '@lsm/testkit'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import {
  compactionOf,
  components,
  fileNames,
  flushOf,
  formatEntries,
  parseEntries,
  readFile,
  readTables,
  settings,
  writeEntries,
} from './support.ts'

let folder: string
let directory: Directory
let runners: JobRunner[]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lsm-jobs-'))
  directory = await nodeFileSystem.openDirectory(folder, true)
  runners = [new InlineRunner(directory, components), worker()]
})

afterAll(async () => {
  for (const runner of runners) await runner.close()
  rmSync(folder, { recursive: true })
})

describe.each([
  ['inline', 0],
  ['in a worker', 1],
])('%s', (_, at) => {
  test.each<[string, { inputs: string[]; readers?: number[]; older?: string; output: string }]>([
    ['tables without overlap', { inputs: ['0 a1=x b2=y', '0 c3=z'], output: 'a1=x b2=y c3=z' }],
    ['newer versions win', { inputs: ['0 a9=new', '0 a5=old b4=y', '1 a1=oldest c2=z'], output: 'a9=new b4=y c2=z' }],
    [
      'versions that somebody reads stay',
      { inputs: ['0 a9=3', '0 a5=2', '1 a1=1'], readers: [1, 6, 9], output: 'a9=3 a5=2 a1=1' },
    ],
    ['a deletion with nothing below it goes', { inputs: ['0 a9-', '1 a1=x b2=y'], output: 'b2=y' }],
    [
      'a deletion with something below it stays',
      { inputs: ['0 a9- c8-', '1 a1=x'], older: '2 a0=w b0=w', output: 'a9-' },
    ],
    [
      'a deletion that a reader does not see stays',
      { inputs: ['0 a9-', '1 a1=x'], readers: [5, 9], output: 'a9- a1=x' },
    ],
    ['nothing is left', { inputs: ['0 a9- b8-', '1 a1=x b2=y'], output: '' }],
    ['one level in several tables', { inputs: ['1 a1=x', '+ b2=y', '+ c3=z', '0 b9=w'], output: 'a1=x b9=w c3=z' }],
    ['an entry that is there twice', { inputs: ['0 a5=x', '0 a5=x', '1 b1=y'], output: 'a5=x b1=y' }],
    ['empty keys and values', { inputs: ['0 5= a6=', '1 1=x'], output: '5= a6=' }],
  ])('%s', async (name, { inputs, readers = [100], older, output }) => {
    const [tables, below] = [await writeInputs(inputs), await writeInputs(older === undefined ? [] : [older], 50)]
    const result = await runners[at].run(compactionOf(tables, { readers, older: below }))
    const entriesRead = inputs.join(' ').split(' ').length - inputs.length
    const entriesWritten = output === '' ? 0 : output.split(' ').length
    expect(formatEntries(await readTables(directory, result.files)), name).toBe(output)
    expect(result).toMatchObject({ entriesRead, entriesWritten, dropped: entriesRead - entriesWritten })
    expect(result.bytesWritten).toBe(result.files.reduce((sum, { size }) => sum + size, 0))
    expect(result.bytesRead).toBeGreaterThan(0)
    await removeOutputs()
  })

  test('outputs end at their size, and take what is left when numbers are used up', async () => {
    const entries = parseEntries(Array.from({ length: 400 }, (_, i) => `${letters(i)}${i + 1}=some-value`).join(' '))
    const inputs = [{ level: 1, tables: [await writeEntries(directory, 1, entries)] }]
    const { files } = await runners[at].run(compactionOf(inputs, { maxTableSize: 1, fileNumbers: [100, 103, 104] }))
    expect(files.map(({ number }) => number)).toEqual([100, 103, 104])
    expect(files[2].entries).toBeGreaterThan(300)
    expect(await readTables(directory, files)).toEqual(entries)
    await removeOutputs()
  })

  test('a flush keeps deletions, unless nothing is older', async () => {
    const entries = parseEntries('a9- a5=x b4=y')
    const kept = await runners[at].run(flushOf(entries))
    expect(formatEntries(await readTables(directory, kept.files))).toBe('a9- b4=y')
    expect(kept.files[0]).toMatchObject({ number: 100, entries: 2, deletions: 1, largestSequence: 9, createdAt: 77 })
    const dropped = await runners[at].run(flushOf(entries, { nothingOlder: true }))
    expect(formatEntries(await readTables(directory, dropped.files))).toBe('b4=y')
    await removeOutputs()
  })

  test('a flush of which nothing is left makes no table', async () => {
    const result = await runners[at].run(flushOf(parseEntries('a9- b8-'), { nothingOlder: true }))
    expect(result).toEqual({ files: [], entriesRead: 2, entriesWritten: 0, dropped: 2, bytesRead: 0, bytesWritten: 0 })
    expect(await outputs()).toEqual([])
  })

  test('progress is told', async () => {
    const job = compactionOf(await writeRuns(randomInputs(new Random(5), 3, 2000)))
    const told: JobProgress[] = []
    const { entriesRead, bytesRead, bytesWritten } = await runners[at].run(job, {
      onProgress: progress => told.push(progress),
    })
    expect(told[0]).toEqual({ entries: 0, bytesRead: 0, bytesWritten: 0 })
    expect(told.at(-1)).toEqual({ entries: entriesRead, bytesRead, bytesWritten })
    await removeOutputs()
  })

  test('a damaged input is refused, and named', async () => {
    const inputs = await writeInputs(['0 a9=x b8=y', '1 a1=z'])
    const bytes = await readFile(directory, tableFileName(1))
    bytes[3] ^= 1
    await replaceFile(1, bytes)
    await expect(runners[at].run(compactionOf(inputs))).rejects.toMatchObject({
      code: 'LSM_CORRUPTION',
      file: '000001.ldb',
      offset: 0,
    })
    expect(await outputs()).toEqual([])
  })

  test('a missing input is refused, and named', async () => {
    const inputs = await writeInputs(['0 a9=x b8=y', '1 a1=z'])
    await directory.removeFile(tableFileName(2))
    const refused = runners[at].run(compactionOf(inputs))
    await expect(refused).rejects.toMatchObject({ code: 'LSM_CORRUPTION', file: '000002.ldb' })
    expect(await outputs()).toEqual([])
  })

  test('tables of a level that overlap are refused, not sorted anew', async () => {
    const refused = runners[at].run(compactionOf(await writeInputs(['1 a1=x m2=y', '+ c3=z'])))
    await expect(refused).rejects.toMatchObject({ code: 'LSM_CORRUPTION', file: '000001.ldb' })
    expect(await outputs()).toEqual([])
  })

  test('a table of the legacy name is read', async () => {
    const inputs = await writeInputs(['0 a9=x'])
    const bytes = await readFile(directory, tableFileName(1))
    await directory.removeFile(tableFileName(1))
    await directory.replaceFile('000001.sst', bytes)
    const { files } = await runners[at].run(compactionOf(inputs))
    expect(formatEntries(await readTables(directory, files))).toBe('a9=x')
    await directory.removeFile('000001.sst')
    await removeOutputs()
  })

  test('an unknown codec is refused before anything is written', async () => {
    const job = compactionOf(await writeInputs(['0 a9=x']), { table: { ...settings, compression: 'lzo' } })
    await expect(runners[at].run(job)).rejects.toMatchObject({ code: 'LSM_NOT_SUPPORTED' })
    expect(await outputs()).toEqual([])
  })

  test('a job that was cancelled before it began does nothing', async () => {
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    const aborted = runners[at].run(compactionOf(await writeInputs(['0 a9=x'])), { signal })
    await expect(aborted).rejects.toMatchObject({ code: 'LSM_ABORTED', cause: reason })
    expect(await outputs()).toEqual([])
  })

  test('a job that is cancelled on its way leaves nothing', async () => {
    const job = compactionOf(await writeRuns(randomInputs(new Random(6), 3, 8000)), { maxTableSize: 20_000 })
    // At a byte a second the job is in the middle of its writing when it is cancelled, however fast the machine is.
    const limiter = new RateLimiter(1)
    const slow = at === 0 ? new InlineRunner(directory, components, limiter) : worker(limiter)
    const cancel = new AbortController()
    const reason = new Error('enough')
    const running = slow.run(job, { signal: cancel.signal })
    while ((await outputs()).length === 0) await new Promise(setImmediate)
    cancel.abort(reason)
    await expect(running).rejects.toMatchObject({ code: 'LSM_ABORTED', cause: reason })
    expect(await outputs()).toEqual([])
    await slow.close()
  })
})

describe('random tables', () => {
  test('give what the model says, byte for byte the same from both runners', { timeout: 120_000 }, async () => {
    const seed = testSeed(Math.floor(Math.random() * 1e6))
    for (let round = 0; round < 40; round++) {
      const random = new Random(seed + round)
      const where = `seed ${seed}, round ${round}`
      const runs = randomInputs(random, random.between(1, 5), random.between(1, 400))
      const inputs = await writeRuns(runs)
      const job = randomJob(random, inputs)
      const written: Uint8Array[][] = []
      for (const runner of runners) {
        const { files } = await runner.run(job)
        const entries = await readTables(directory, files)
        expect(entries, where).toEqual(model(runs.flat(), job))
        expect(files.length, where).toBeLessThanOrEqual(job.fileNumbers.length)
        expectWholeKeys(await Promise.all(files.map(file => readTables(directory, [file]))), where)
        written.push(await Promise.all(files.map(({ number }) => readFile(directory, tableFileName(number)))))
        await removeOutputs()
      }
      expect(written[1], where).toEqual(written[0])
    }
  })

  test('in memory, where no worker can reach them', async () => {
    const memory = await new MemoryFileSystem().openDirectory('/tables', true)
    const runs = randomInputs(new Random(8), 4, 200)
    const job = compactionOf(await writeRuns(runs, memory), { maxTableSize: 2000 })
    const { files } = await new InlineRunner(memory, components).run(job)
    expect(await readTables(memory, files)).toEqual(model(runs.flat(), job))
  })
})

function worker(limiter?: RateLimiter): WorkerRunner {
  return new WorkerRunner(directory, components, 2, limiter)
}

/** A user key of four letters; they ascend. */
function letters(i: number): string {
  return String.fromCharCode(...[1000, 100, 10, 1].map(place => 97 + (Math.floor(i / place) % 10)))
}

/** The rule that retention implements, entry by entry. */
function model(entries: readonly Entry[], { readers, older }: CompactionJob): Entry[] {
  const sorted = entries.toSorted((a, b) => compareInternalKeys(a.key, 0, a.key.length, b.key, 0, b.key.length))
  return sorted.filter((entry, i) => {
    const sequence = tagSequence(entry.key, entry.key.length)
    const newer = sorted[i - 1]
    const from = newer !== undefined && isSameKey(newer, entry) ? tagSequence(newer.key, newer.key.length) : Infinity
    const visible = readers.some(reader => sequence <= reader && reader < from)
    if (!visible) return false
    const isDeletion = tagType(entry.key, entry.key.length) === TYPE_DELETION
    return !isDeletion || sequence > readers[0] || older.flatMap(({ tables }) => tables).some(t => encloses(t, entry))
  })
}

function isSameKey(a: Entry, b: Entry): boolean {
  return compareUserKeys(a.key, b.key) === 0
}

function encloses({ smallest, largest }: TableDescription, { key }: Entry): boolean {
  return compareUserKeys(smallest, key) <= 0 && compareUserKeys(largest, key) >= 0
}

function compareUserKeys(a: Uint8Array, b: Uint8Array): number {
  return compareBytes(a, 0, a.length - TAG_SIZE, b, 0, b.length - TAG_SIZE)
}

function expectWholeKeys(tables: readonly (readonly Entry[])[], where: string): void {
  for (let i = 1; i < tables.length; i++) expect(isSameKey(tables[i - 1].at(-1)!, tables[i][0]), where).toBe(false)
}

/** Entries dealt out to runs; each run is in order, no entry is in two. */
function randomInputs(random: Random, runs: number, count: number): Entry[][] {
  const dealt = Array.from({ length: runs }, (): Entry[] => [])
  for (const entry of randomEntries(random, count)) random.pick(dealt).push(entry)
  return dealt.filter(run => run.length > 0)
}

function randomJob(random: Random, inputs: readonly LevelInput[]): CompactionJob {
  const readers = Array.from({ length: random.below(4) }, () => random.below(900))
  const range = (): TableDescription[] => {
    const [smallest, largest] = randomEntries(random, 2).map(({ key }) => key)
    return compareUserKeys(smallest, largest) < 0 ? [{ number: 7, size: random.below(2000), smallest, largest }] : []
  }
  return compactionOf(inputs, {
    readers: [...readers.sort((a, b) => a - b), 1_000_000],
    older: [
      { level: 0, tables: range() },
      { level: 3, tables: range() },
    ],
    grandparents: range(),
    maxTableSize: random.between(200, 4000),
    maxGrandparentOverlap: random.below(2000),
    fileNumbers: [100, 101, 102, 103, 104].slice(0, random.between(1, 5)),
    table: { ...settings, compression: random.oneIn(3) ? 'none' : 'snappy' },
  })
}

/** Runs as tables: the last one as a level of two tables, the others in level 0. */
async function writeRuns(runs: readonly Entry[][], to: Directory = directory): Promise<LevelInput[]> {
  const tables = []
  for (const [i, run] of runs.entries()) tables.push(await writeEntries(to, i + 1, run))
  const deep = runs.at(-1)!
  const middle = Math.ceil(deep.length / 2)
  const halves = [deep.slice(0, middle), deep.slice(middle)].filter(half => half.length > 0)
  const level = []
  for (const [i, half] of halves.entries()) level.push(await writeEntries(to, 20 + i, half))
  return [
    { level: 0, tables: tables.slice(0, -1) },
    { level: 1, tables: level },
  ]
}

/** `0 a1=x` is a table of level 0, `+ b2=y` one more of the level before. */
async function writeInputs(texts: readonly string[], firstNumber = 1): Promise<LevelInput[]> {
  const inputs: { level: number; tables: TableDescription[] }[] = []
  for (const [i, text] of texts.entries()) {
    const table = await writeEntries(directory, firstNumber + i, parseEntries(text.slice(2)))
    const before = inputs.at(-1)
    if (text.startsWith('+') && before !== undefined) before.tables.push(table)
    else inputs.push({ level: Number(text[0]), tables: [table] })
  }
  return inputs
}

async function replaceFile(number: number, bytes: Uint8Array): Promise<void> {
  await directory.replaceFile(tableFileName(number), bytes)
}

async function outputs(): Promise<string[]> {
  return (await fileNames(directory)).filter(name => name >= '000100')
}

async function removeOutputs(): Promise<void> {
  for (const name of await outputs()) await directory.removeFile(name)
}
