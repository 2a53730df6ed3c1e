/**
 * What the block kernel saves: blocks of 4.1 KB that become half as large, in WebAssembly and in TypeScript. After a build:
 *
 *     node packages/sstable/bench/kernel.mjs
 */
import { crc32c } from '@lsm/base'

import { blockKernel } from '../dist/block-kernel.js'
import { snappyCodec } from '../dist/snappy.js'

const ROUNDS = 7
const BLOCKS = 256
const CALLS = 20_000

let state = 7
const blocks = Array.from({ length: BLOCKS }, () =>
  Uint8Array.from({ length: 4100 }, (_, i) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return i % 114 < 57 ? state >>> 24 : 97
  }),
)
const kernel = blockKernel()
const codecs = { wasm: snappyCodec(() => kernel), plain: snappyCodec(() => undefined) }
const packed = blocks.map(block => codecs.plain.compress(block, 0, block.length).slice())
let sink = 0

const work = {
  'checksum, TypeScript': i => (sink ^= crc32c(blocks[i], 0, 4100)),
  'checksum, WebAssembly': i => (sink ^= kernel.checksum(blocks[i], 0, 4100)),
  'compress, TypeScript': i => (sink += codecs.plain.compress(blocks[i], 0, 4100).length),
  'compress, WebAssembly': i => (sink += codecs.wasm.compress(blocks[i], 0, 4100).length),
  'decompress, TypeScript': i => (sink += codecs.plain.decompress(packed[i], 0, packed[i].length, 1e6).length),
  'decompress, WebAssembly': i => (sink += codecs.wasm.decompress(packed[i], 0, packed[i].length, 1e6).length),
}
const costs = new Map(Object.keys(work).map(name => [name, []]))
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, call] of Object.entries(work)) {
    const before = process.cpuUsage()
    for (let i = 0; i < CALLS; i++) call(i % BLOCKS)
    const { user, system } = process.cpuUsage(before)
    costs.get(name).push((user + system) / CALLS)
  }
}
for (const [name, times] of costs) {
  const sorted = times.toSorted((a, b) => a - b)
  console.log(`${name.padEnd(26)} ${sorted[ROUNDS >> 1].toFixed(2).padStart(6)} µs (${sorted[0].toFixed(2)})`)
}
if (sink === 1) console.log()
