import { expect, test } from 'vitest'

import { LsmError } from './errors.ts'
import { ReadContext, type PageSource } from './read-context.ts'

/** Pages that count how often they are loaded; odd ones cannot be. */
class Numbers implements PageSource<{ id: number }> {
  readonly loaded: number[] = []

  loadPage(id: number): Promise<{ id: number }> {
    return id % 2 ? Promise.reject(new LsmError('LSM_IO', 'odd')) : Promise.resolve(this.loadPageSync(id))
  }

  loadPageSync(id: number): { id: number } {
    if (id % 2) throw new LsmError('LSM_IO', 'odd')
    this.loaded.push(id)
    return { id }
  }
}

test('a page that was noted is loaded once and stays pinned until release', async () => {
  const source = new Numbers()
  const context = new ReadContext()
  expect(context.page(source, 2)).toBeUndefined()
  expect(context.page(source, 4)).toBeUndefined()
  expect(context.lacking).toBe(true)
  await context.load()
  expect(context.lacking).toBe(false)
  expect(context.page(source, 2)).toEqual({ id: 2 })
  expect(context.page(source, 4)).toEqual({ id: 4 })
  expect(context.page(new Numbers(), 2)).toBeUndefined()
  context.loadSync()
  expect(source.loaded).toEqual([2, 4])
  expect(context.loads).toBe(3)
  context.release()
  expect(context.page(source, 2)).toBeUndefined()
})

test.each(['async', 'sync'])(
  'a failed load forgets its misses, so that the read can be tried again (%s)',
  async way => {
    const source = new Numbers()
    const context = new ReadContext()
    context.page(source, 2)
    await context.load()
    context.page(source, 3)
    const load = async (): Promise<void> => (way === 'sync' ? context.loadSync() : context.load())
    await expect(load()).rejects.toThrow(LsmError)
    expect(context.lacking).toBe(false)
    expect(context.page(source, 2)).toEqual({ id: 2 })
    expect(context.page(source, 3)).toBeUndefined()
    expect(context.lacking).toBe(true)
  },
)
