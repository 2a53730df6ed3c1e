import { ReadContext, type PageSource } from '@lsm/base'
import { describe, expect, test } from 'vitest'

import { Drive } from './drive.ts'

/** A disk whose loads take as long as it is told; `time` is the only clock. */
class Disk implements PageSource<Uint8Array> {
  time = 0
  took = 0

  loadPage(page: number): Promise<Uint8Array> {
    this.time += this.took
    return Promise.resolve(new Uint8Array(page))
  }

  loadPageSync(page: number): Uint8Array {
    this.time += this.took
    return new Uint8Array(page)
  }
}

function lacking(disk: Disk, page: number): ReadContext {
  const context = new ReadContext()
  expect(context.page(disk, page)).toBeUndefined()
  return context
}

/** Loads one page as a read does, and says by whom it was loaded. */
async function load(drive: Drive, disk: Disk, page: number): Promise<'thread' | 'pool'> {
  const { pooled } = drive
  const context = lacking(disk, page)
  if (!drive.tryNow(context)) await drive.wait(context)
  context.release()
  return drive.pooled > pooled ? 'pool' : 'thread'
}

describe('a drive', () => {
  const make = (): { disk: Disk; drive: Drive; loads: (took: number, count: number) => Promise<string[]> } => {
    const disk = new Disk()
    const drive = new Drive(() => disk.time)
    const loads = async (took: number, count: number): Promise<string[]> => {
      disk.took = took
      const by: string[] = []
      for (let i = 0; i < count; i++) by.push(await load(drive, disk, i))
      return by
    }
    return { disk, drive, loads }
  }

  test('loads by itself while loads are as fast as a cache, however many', async () => {
    const { loads } = make()
    expect(new Set(await loads(0.01, 5000))).toEqual(new Set(['thread']))
  })

  test('is not led astray by one long pause', async () => {
    const { loads } = make()
    await loads(0.01, 10)
    expect(await loads(50, 1)).toEqual(['thread'])
    expect(new Set(await loads(0.01, 100))).toEqual(new Set(['thread']))
  })

  test('goes to the thread pool when the disk is slow, and tries it ever less often', async () => {
    const { loads } = make()
    const by = await loads(10, 1000)
    expect(by.slice(0, 3)).toEqual(['thread', 'thread', 'thread'])
    expect(by.filter(who => who === 'thread').length).toBeLessThan(30)
    expect(by.slice(-100).filter(who => who === 'thread').length).toBeLessThanOrEqual(1)
  })

  test('comes back when the disk is fast again', async () => {
    const { disk, loads } = make()
    await loads(10, 50)
    expect(await loads(0.3, 1)).toEqual(['pool'])
    disk.time += 2000
    await new Promise(resolve => setImmediate(resolve))
    expect(new Set(await loads(0.01, 100))).toEqual(new Set(['thread']))
  })

  test('comes back by fast answers of the thread pool', async () => {
    const { loads } = make()
    await loads(10, 50)
    const by = await loads(0.01, 40)
    expect(by.slice(0, 16)).toEqual(Array(16).fill('pool'))
    expect(by.slice(16)).toEqual(Array(24).fill('thread'))
  })
})
