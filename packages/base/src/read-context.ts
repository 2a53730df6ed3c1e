/**
 * Time in a core that never waits: what a read lacks, and what it has been given.
 *
 * A read that needs a page (a block, an open table) that is not resident asks its context for it. The
 * context hands out a page that an earlier round loaded, or notes the miss, and the read returns MISS.
 * A driver then calls {@link ReadContext.load} or {@link ReadContext.loadSync} and repeats the same call:
 *
 *     let move = iterator.seek(target)
 *     while (move === MISS) {
 *       await context.load()
 *       move = iterator.seek(target)
 *     }
 *     context.release()
 *
 * 1. A loaded page stays pinned to the context until `release()`, whatever the caches evict. Each round
 *    thus pins at least one new page, and a read ends even when the cache holds nothing.
 * 2. Several misses of one round are loaded together.
 * 3. A failed load forgets its misses and throws; the read may be tried again.
 *
 * Does not know what a page is, or how it is cached: that is its source's business.
 */

/** Where pages come from: a table for its blocks, a table cache for its tables. */
export interface PageSource<Page extends object = object> {
  /** Loads a page, waiting for the disk in the thread pool. */
  loadPage(id: number): Promise<Page>
  /** Loads a page, blocking the thread. */
  loadPageSync(id: number): Page
  /** Whether {@link PageSource.loadPage} would load what follows along with the page, since pages are asked for in a row. */
  isSequential?(id: number): boolean
}

/** The pages that one read has been given, and the ones that it lacks. */
export class ReadContext {
  /** Pages loaded for this context since it was made. */
  loads = 0
  #sources: PageSource[] = []
  #ids: number[] = []
  #pages: object[] = []

  /** Whether the last round lacked something, that is: whether there is something to load. */
  get lacking(): boolean {
    return this.#sources.length > this.#pages.length
  }

  /** Whether what is lacking is the next of many: it is then best loaded in the thread pool, with what follows. */
  get isSequential(): boolean {
    for (let i = this.#pages.length; i < this.#sources.length; i++) {
      if (this.#sources[i].isSequential?.(this.#ids[i]) === true) return true
    }
    return false
  }

  /** A page loaded by an earlier round; else notes the miss and returns `undefined`. */
  page<Page extends object>(source: PageSource<Page>, id: number): Page | undefined {
    const sources = this.#sources
    for (let i = 0; i < sources.length; i++) {
      if (sources[i] === source && this.#ids[i] === id) return this.#pages[i] as Page | undefined
    }
    sources.push(source)
    this.#ids.push(id)
    return undefined
  }

  /** Loads everything noted, several at once, and pins it. */
  async load(): Promise<void> {
    const first = this.#pages.length
    const ids = this.#ids
    try {
      const missing = this.#sources.slice(first)
      const pages = await Promise.all(missing.map((source, i) => source.loadPage(ids[first + i])))
      this.#pages.push(...pages)
      this.loads += pages.length
    } catch (error) {
      this.#forget(first)
      throw error
    }
  }

  /** Loads everything noted, blocking the thread, and pins it. */
  loadSync(): void {
    for (let i = this.#pages.length; i < this.#sources.length; i++) {
      try {
        this.#pages.push(this.#sources[i].loadPageSync(this.#ids[i]))
        this.loads++
      } catch (error) {
        this.#forget(i)
        throw error
      }
    }
  }

  /** Ends the operation: drops every pin and every noted miss. */
  release(): void {
    if (this.#sources.length > 0) this.#forget(0)
  }

  #forget(first: number): void {
    this.#sources.length = first
    this.#ids.length = first
    this.#pages.length = first
  }
}
