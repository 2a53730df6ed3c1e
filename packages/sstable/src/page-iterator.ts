/**
 * Walks one page: key and value are shown where they lie. A page whose entries stayed folded is walked as the block that it is.
 *
 * 1. Everything in the page is believed: no bound is checked here.
 * 2. The page lives as long as somebody refers to it: a cache may forget it while an iterator is inside.
 *
 * Does not know where pages come from. Never misses.
 */
import { compareTags, EMPTY, END, getFixed32, TAG_SIZE, tagType, VALID, type Move } from '@lsm/base'

import { BEYOND, BlockIterator, NOTHING } from './block-iterator.ts'
import { PAGE_FOOTER, WORD, wordOf } from './page.ts'

/** No entry. */
const NONE = -1

/** Walks the entries of a page. */
export class PageIterator extends BlockIterator {
  #page: Uint8Array = EMPTY
  /** Entries; 0 where they are folded. */
  #count = 0
  /** Where the offsets of entries begin, and the words. */
  #offsets = 0
  #words = 0
  #prefix = 0
  /** Number of the current entry. */
  #at = 0
  /** The first entry at or after the target that the search has met of the target's user key. */
  #version = NONE
  /** How many bytes of a user key the last comparison found equal. */
  #matched = 0

  /** Enters a page, before its first entry. */
  override open(page: Uint8Array): void {
    const footer = page.length - PAGE_FOOTER
    const count = getFixed32(page, footer + 4)
    this.#count = count
    if (count === 0) {
      // Keys are put together in an array of its own from here on, and not in the page that was entered before.
      this.key = EMPTY
      this.keyStart = 0
      super.open(page.subarray(0, footer))
      return
    }
    this.#page = page
    this.#prefix = getFixed32(page, footer)
    this.#words = footer - WORD * count
    this.#offsets = this.#words - 4 - 4 * count
    this.key = page
    this.value = page
  }

  /** To the first entry. */
  override seekToFirst(): Move {
    return this.#count === 0 ? super.seekToFirst() : this.#stand(0, 0)
  }

  /** To the last entry. */
  override seekToLast(): Move {
    return this.#count === 0 ? super.seekToLast() : this.standAt(this.#count - 1)
  }

  /** One entry on. */
  override next(): Move {
    if (this.#count === 0) return super.next()
    const at = this.#at + 1
    return at === this.#count ? END : this.#stand(at, this.valueEnd)
  }

  /** One entry back. */
  override prev(): Move {
    if (this.#count === 0) return super.prev()
    return this.#at === 0 ? END : this.standAt(this.#at - 1)
  }

  /** To the first entry at or after an internal key. */
  override seek(target: Uint8Array, start: number, end: number): Move {
    if (this.#count === 0) return super.seek(target, start, end)
    const at = this.#search(target, start, end)
    return at === this.#count ? END : this.standAt(at)
  }

  override probe(target: Uint8Array, start: number, end: number): number {
    if (this.#count === 0) return super.probe(target, start, end)
    const at = this.#search(target, start, end)
    if (at === this.#count) return BEYOND
    if (at !== this.#version) return NOTHING
    if (at !== this.#at) this.standAt(at)
    return tagType(this.#page, this.keyEnd)
  }

  /**
   * Number of the first entry at or after an internal key, or the count.
   *
   * It is looked for as if the target began with the prefix of all. If it does not, all entries are on one side of it, and the
   * first comparison with any of them shows it.
   */
  #search(target: Uint8Array, start: number, end: number): number {
    const page = this.#page
    const words = this.#words
    const word = wordOf(target, start + this.#prefix, end - TAG_SIZE)
    let first = 0
    let until = this.#count
    this.#version = NONE
    this.#matched = NONE
    while (first < until) {
      const middle = (first + until) >>> 1
      let order = wordAt(page, words + WORD * middle) - word
      if (order === 0) order = this.#compare(middle, target, start, end)
      if (order < 0) first = middle + 1
      else until = middle
    }
    if (this.#matched >= this.#prefix) return first
    const order = this.#compare(first === this.#count ? first - 1 : first, target, start, end)
    if (this.#matched >= this.#prefix) return first
    return order < 0 ? this.#count : 0
  }

  /** Compares the n-th entry with an internal key, noting what the user keys share, and the entry if they are equal. */
  #compare(n: number, target: Uint8Array, start: number, end: number): number {
    this.standAt(n)
    const page = this.#page
    const keyStart = this.keyStart
    const length = this.keyEnd - TAG_SIZE - keyStart
    const targetLength = end - TAG_SIZE - start
    const common = length < targetLength ? length : targetLength
    let i = 0
    while (i < common && page[keyStart + i] === target[start + i]) i++
    this.#matched = i
    if (i < common) return page[keyStart + i] - target[start + i]
    if (length !== targetLength) return length - targetLength
    const order = compareTags(page, this.keyEnd, target, end)
    if (order >= 0) this.#version = n
    return order
  }

  /** Entries of a page whose entries are not folded; else 0. */
  get count(): number {
    return this.#count
  }

  /** To the n-th entry of a page whose entries are not folded. */
  standAt(n: number): Move {
    return this.#stand(n, getFixed32(this.#page, this.#offsets + 4 * n))
  }

  /** Stands on the n-th entry, which begins at an offset. */
  #stand(n: number, offset: number): Move {
    this.#at = n
    const page = this.#page
    const keyLength = page[offset + 1]
    const valueLength = page[offset + 2]
    if ((keyLength | valueLength) >= 128) return this.#standOnLong(offset + 1)
    this.keyStart = offset + 3
    this.keyEnd = offset + 3 + keyLength
    this.valueStart = this.keyEnd
    this.valueEnd = this.keyEnd + valueLength
    return VALID
  }

  #standOnLong(lengths: number): Move {
    this.valueStart = lengths
    const keyLength = this.readVarint()
    const valueLength = this.readVarint()
    this.keyStart = this.valueStart
    this.keyEnd = this.keyStart + keyLength
    this.valueStart = this.keyEnd
    this.valueEnd = this.keyEnd + valueLength
    return VALID
  }
}

function wordAt(page: Uint8Array, at: number): number {
  return ((page[at] << 24) | (page[at + 1] << 16) | (page[at + 2] << 8) | page[at + 3]) >>> 0
}
