/**
 * How fast the Snappy codec is, in MB of uncompressed data per second of process CPU time.
 *
 *     pnpm --filter @lsm/sstable build && node packages/sstable/bench/snappy.mjs
 */
import { Random } from '@lsm/testkit'

const { SNAPPY } = await import(process.argv[2] ?? '../dist/snappy.js')

const MILLISECONDS = 700
const ROUNDS = 5

/** Entries of a table block: ascending 16-byte keys, 100-byte values of which half is a repeated run. */
function halfBlocks(random, count, size) {
  let number = 0
  const encoder = new TextEncoder()
  return Array.from({ length: count }, () => {
    const block = new Uint8Array(size)
    for (let at = 0; at + 128 <= size; at += 128) {
      block.set([0, 24, 100], at)
      block.set(encoder.encode(String(number++).padStart(16, '0')), at + 3)
      const half = random.bytes(50).map(byte => 32 + (byte % 95))
      block.set(half, at + 27)
      block.set(half, at + 77)
    }
    return block
  })
}

function jsonBlocks(random, count, size) {
  const encoder = new TextEncoder()
  const cities = ['Lagos', 'Lima', 'Oslo', 'Quito', 'Hanoi', 'Perth']
  return Array.from({ length: count }, () => {
    const block = new Uint8Array(size)
    for (let at = 0; at < size;) {
      const row = {
        id: random.below(1e6),
        name: `user-${random.below(1e5)}`,
        city: random.pick(cities),
        active: random.oneIn(2),
        score: random.below(1000) / 10,
      }
      at += encoder.encodeInto(JSON.stringify(row), block.subarray(at)).written || size
    }
    return block
  })
}

/** Median MB/s over the rounds. */
function measure(bytesPerCall, call) {
  const speeds = []
  for (let round = -1; round < ROUNDS; round++) {
    let calls = 0
    const began = process.cpuUsage()
    const until = performance.now() + MILLISECONDS
    while (performance.now() < until) for (let i = 0; i < 64; i++) call(calls++)
    const used = process.cpuUsage(began)
    if (round >= 0) speeds.push((calls * bytesPerCall) / (used.user + used.system))
  }
  return speeds.sort((a, b) => a - b)[ROUNDS >> 1]
}

function report(name, blocks) {
  const size = blocks[0].length
  const packed = blocks.map(block => SNAPPY.compress(block, 0, block.length).slice())
  const ratio = packed.reduce((sum, block) => sum + block.length, 0) / (blocks.length * size)
  const compress = measure(size, i => SNAPPY.compress(blocks[i % blocks.length], 0, size))
  const decompress = measure(size, i => {
    const block = packed[i % packed.length]
    SNAPPY.decompress(block, 0, block.length, size)
  })
  const speeds = [compress, decompress].map(
    speed => `${speed.toFixed(0).padStart(5)} MB/s ${(size / speed).toFixed(2).padStart(7)} us`,
  )
  console.log(`${name.padEnd(22)} ratio ${ratio.toFixed(3)}   compress ${speeds[0]}   decompress ${speeds[1]}`)
}

const random = new Random(1)
console.log(`node ${process.version}`)
report('half, 4.1 KB', halfBlocks(random, 256, 4100))
report('json, 4.1 KB', jsonBlocks(random, 256, 4100))
report(
  'random, 4.1 KB',
  Array.from({ length: 256 }, () => random.bytes(4100)),
)
report('zeros, 4.1 KB', [new Uint8Array(4100)])
report('half, 64 KiB', halfBlocks(random, 16, 65536))
report('half, 1 MiB', halfBlocks(random, 2, 1 << 20))
report('32 B', halfBlocks(random, 256, 32))
