/**
 * Every operation of a job fails once: the job then fails with that failure, leaves no file and no open one behind, and
 * done again gives what it would have given at first.
 */
import type { Directory } from '@lsm/base'
import { InlineRunner, type Job, type JobRunner } from '@lsm/compaction'
import { MemoryFileSystem } from '@lsm/fs/memory'
import { Random, randomEntries } from '@lsm/testkit'
import { beforeEach, describe, expect, test } from 'vitest'

import { FailingDirectory } from './failing-directory.ts'
import { compactionOf, components, fileNames, flushOf, readTables, writeEntries } from './support.ts'

const entries = randomEntries(new Random(3), 300)
let memory: Directory
let compaction: Job

beforeEach(async () => {
  memory = await new MemoryFileSystem().openDirectory('/tables', true)
  const runs = [0, 1, 2].map(run => entries.filter((_, i) => i % 3 === run))
  const tables = []
  for (const [i, run] of runs.entries()) tables.push(await writeEntries(memory, i + 1, run))
  const inputs = [{ level: 0, tables }]
  compaction = compactionOf(inputs, { maxTableSize: 2000, readers: entries.map((_, i) => i * 4) })
})

describe.each([
  ['reading synchronously', true],
  ['reading through the thread pool', false],
])('%s', (_, blocking) => {
  test.each<[string, () => Job]>([
    ['compaction', () => compaction],
    ['flush', () => flushOf(entries)],
  ])('a %s leaves nothing behind, whatever fails', async (_kind, makeJob) => {
    const job = makeJob()
    const before = await fileNames(memory)
    const watched = new FailingDirectory(memory, blocking)
    const expected = await new InlineRunner(watched, components).run(job)
    const written = await readTables(memory, expected.files)
    const { trace } = watched
    expect(watched.open).toBe(0)
    await removeOutputs(before)
    for (let failAt = 0; failAt < trace.length; failAt++) {
      const failing = new FailingDirectory(memory, blocking)
      failing.failAt = failAt
      const runner: JobRunner = new InlineRunner(failing, components)
      const where = `operation ${failAt}: ${trace[failAt]}`
      await expect(runner.run(job), where).rejects.toMatchObject({
        code: 'LSM_IO',
        message: expect.stringContaining('on purpose'),
      })
      expect(await fileNames(memory), where).toEqual(before)
      expect(failing.open, where).toBe(0)
      const again = await runner.run(job)
      expect(again, where).toEqual(expected)
      expect(await readTables(memory, again.files), where).toEqual(written)
      await removeOutputs(before)
    }
  })
})

test('an output that is not what was written is found, and removed', async () => {
  const before = await fileNames(memory)
  for (const at of [0, 5, 300, 1200]) {
    const lying = new LyingDirectory(memory, at)
    await expect(new InlineRunner(lying, components).run(compaction)).rejects.toMatchObject({ code: 'LSM_CORRUPTION' })
    expect(await fileNames(memory)).toEqual(before)
  }
})

/** Turns one bit of every file written, as a disk might. */
class LyingDirectory extends FailingDirectory {
  constructor(inner: Directory, at: number) {
    super(inner, true)
    const { createFile } = this
    this.createFile = async name => {
      const file = await createFile(name)
      let size = 0
      return {
        name,
        get size() {
          return size
        },
        append(bytes, start, end) {
          const copy = bytes.slice(start, end)
          if (at >= size && at < size + copy.length) copy[at - size] ^= 4
          file.append(copy, 0, copy.length)
          size += copy.length
        },
        sync: () => file.sync(),
        close: () => file.close(),
      }
    }
  }
}

async function removeOutputs(before: readonly string[]): Promise<void> {
  for (const name of await fileNames(memory)) if (!before.includes(name)) await memory.removeFile(name)
}
