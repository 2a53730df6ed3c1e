/**
 * A run that goes on after errors, and what must be true of it: in the process, and after the next open.
 *
 *     step i writes `a<i>`, `b<i>` and `hot`, or `a<i>` alone; every seventh is synced
 *
 * 1. In the process, reads see what was acknowledged and nothing of what was refused.
 * 2. After the next open, what was acknowledged is there; a refused step is there whole or not at all.
 */
import { Database, LsmError, type OpenOptions } from '@lsm/db'
import type { CrashableFileSystem } from '@lsm/fs/testing'
import { expect } from 'vitest'

const PATH = '/db'

/** The numbers of all steps; a run may leave some out. */
export const STEPS: readonly number[] = Array.from({ length: 90 }, (_, i) => i)
const OPTIONS: OpenOptions<'utf8', 'utf8'> = {
  workers: 0,
  writeBufferSize: 4096,
  blockSize: 256,
  cacheSize: 0,
  maxOpenFiles: 2,
  level0CompactionTrigger: 2,
  maxFileSize: 4096,
  baseLevelSize: 8192,
}

/** Numbers of the steps that were acknowledged, by what they may claim. */
export interface Acknowledged {
  readonly all: number[]
  readonly synced: number[]
}

/** Runs; whatever fails is counted, and must be an error of the engine. */
export class FaultWorkload {
  readonly fileSystem: CrashableFileSystem
  readonly acknowledged: Acknowledged = { all: [], synced: [] }
  /** Errors that calls of the database gave. */
  readonly errors: LsmError[] = []
  /** Value of the key that many steps write. */
  #hot: string | undefined
  readonly #steps: readonly number[]

  constructor(fileSystem: CrashableFileSystem, steps: readonly number[]) {
    this.fileSystem = fileSystem
    this.#steps = steps
  }

  async run(): Promise<void> {
    const options = { ...OPTIONS, fileSystem: this.fileSystem }
    const db = await this.#attempt(() => Database.open(PATH, options))
    if (db === undefined) return
    for (const i of this.#steps) {
      await this.#step(db, i)
      if (i % 25 === 24) await this.#attempt(() => db.flush())
      if (i === 60) await this.#attempt(() => db.compactRange())
      await this.#look(db, i)
    }
    await this.#attempt(async () => this.#compare(await db.iterator().all()))
    await this.#attempt(() => db.close())
  }

  /** Opens what is there after the run, and after a crash of it; then it must be of use. */
  async check(fileSystem: CrashableFileSystem, promised: readonly number[]): Promise<void> {
    const options = { ...OPTIONS, fileSystem }
    {
      await using db = await Database.open(PATH, options)
      const entries = new Map(await db.iterator().all())
      for (const i of promised) expect(entries.get(`a${i}`), `step ${i}`).toBe(valueOf(i))
      for (const i of STEPS) if (isBatch(i)) expect(entries.has(`a${i}`), `${i}`).toBe(entries.has(`b${i}`))
      const hot = promised.findLast(isBatch)
      if (hot !== undefined) expect(Number(entries.get('hot'))).toBeGreaterThanOrEqual(hot)
      await db.put('after', 'all', { sync: true })
    }
    await using again = await Database.open(PATH, options)
    expect(await again.get('after')).toBe('all')
    for (const i of promised) expect(await again.get(`a${i}`), `step ${i}, opened again`).toBe(valueOf(i))
  }

  async #step(db: Database, i: number): Promise<void> {
    const sync = i % 7 === 0
    const value = valueOf(i)
    const done = await this.#attempt(async () => {
      if (!isBatch(i)) await db.put(`a${i}`, value, { sync })
      else {
        const puts = [`a${i}`, `b${i}`].map(key => ({ type: 'put' as const, key, value }))
        await db.batch([...puts, { type: 'put', key: 'hot', value: `${i}` }], { sync })
      }
      return true
    })
    if (done === undefined) return
    this.acknowledged.all.push(i)
    if (sync) this.acknowledged.synced.push(i)
    if (isBatch(i)) this.#hot = `${i}`
  }

  /** Reads the step before, and an old one. */
  async #look(db: Database, i: number): Promise<void> {
    for (const step of [i, i >> 1]) {
      await this.#attempt(async () => {
        const value = await db.get(`a${step}`)
        expect(value, `step ${step}`).toBe(this.acknowledged.all.includes(step) ? valueOf(step) : undefined)
      })
    }
    await this.#attempt(async () => expect(await db.get('hot')).toBe(this.#hot))
  }

  #compare(found: readonly (readonly [string, string])[]): void {
    const expected = new Map<string, string>()
    for (const i of this.acknowledged.all) {
      expected.set(`a${i}`, valueOf(i))
      if (isBatch(i)) expected.set(`b${i}`, valueOf(i)).set('hot', `${i}`)
    }
    expect(new Map(found)).toEqual(expected)
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof LsmError)) throw error
      this.errors.push(error)
      return undefined
    }
  }
}

function isBatch(i: number): boolean {
  return i % 3 === 0
}

function valueOf(i: number): string {
  return `value ${i} `.repeat(1 + (i % 11) * 3)
}
