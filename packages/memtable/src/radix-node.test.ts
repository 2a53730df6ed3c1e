import { Random, testSeed } from '@lsm/testkit'
import { expect, test } from 'vitest'

import {
  addChild,
  childWords,
  clearNode,
  copyInto,
  endSlot,
  findChild,
  firstChild,
  isFull,
  NODE4,
  NODE_WORDS,
  nodeKind,
  rankOf,
  setEnd,
} from './radix-node.ts'

const EVERY_BYTE = Array.from({ length: 256 }, (_, byte) => byte)

test.each(['ascending', 'descending', 'random', 'random again'])('a node maps bytes, %s, in all its sizes', order => {
  const random = new Random(testSeed(order.length))
  const bytes = Array.from({ length: 256 }, (_, i) => (order === 'descending' ? 255 - i : i))
  if (order.startsWith('random')) random.shuffle(bytes)
  const words = new Int32Array(8 + 24 + 64 + 264).fill(-1)
  let node = 0
  const children = new Map<number, number>()
  clearNode(words, node, NODE4, 9, 77)
  const sizes: number[] = []
  for (const byte of bytes) {
    if (isFull(words, node)) {
      sizes.push(children.size)
      node = grown(words, node)
    }
    if (children.size === 30) setEnd(words, node, 55)
    children.set(byte, byte + 1000)
    addChild(words, node, byte, byte + 1000)
    expectSame(words, node, children)
    expect(endSlot(words, node) !== 0).toBe(children.size > 30)
  }
  expect(sizes).toEqual([4, 16, 51])
  expect([words[node + 1], words[endSlot(words, node)]]).toEqual([9, 55])
})

/** The copy of a node in the next size, right after it. */
function grown(words: Int32Array, node: number): number {
  const kind = nodeKind(words, node)
  const larger = node + NODE_WORDS[kind]
  clearNode(words, larger, kind + 1, words[node + 1], words[node + 2])
  copyInto(words, node, larger)
  return larger
}

function expectSame(words: Int32Array, node: number, children: ReadonlyMap<number, number>): void {
  const inNode = [...words.subarray(firstChild(words, node), firstChild(words, node) + childWords(words, node))]
  const inOrder = [...children.keys()].toSorted((a, b) => a - b)
  expect(inNode.filter(child => child !== 0)).toEqual(inOrder.map(byte => children.get(byte)))
  const found = EVERY_BYTE.map(byte => findChild(words, node, byte)).map(slot => (slot === 0 ? undefined : words[slot]))
  expect(found).toEqual(EVERY_BYTE.map(byte => children.get(byte)))
  if (childWords(words, node) === 256) return
  const ranks = EVERY_BYTE.map(byte => inOrder.filter(other => other < byte).length)
  expect(EVERY_BYTE.map(byte => rankOf(words, node, byte))).toEqual(ranks)
}
