/**
 * What a filter costs: nanoseconds of process CPU time per key, and how often it is wrong.
 *
 *     pnpm --filter @lsm/sstable build && node packages/sstable/bench/filters.mjs
 */
import { hashKey } from '@lsm/base'
import { Random } from '@lsm/testkit'

const folder = process.argv[2] ?? '../dist'
const { leveldbBloomFilter } = await import(`${folder}/bloom-filter.js`)
const { blockedBloomFilter } = await import(`${folder}/full-filter.js`)

const ROUNDS = 5
const PER_BLOCK = 36
const BLOCK_SIZE = 4096

const random = new Random(1)
const encoder = new TextEncoder()
const digits = number => encoder.encode(String(number).padStart(16, '0'))

/** Median nanoseconds of one of `count` calls. */
function measure(count, call) {
  const times = []
  for (let round = -1; round < ROUNDS; round++) {
    const began = process.cpuUsage()
    call()
    const used = process.cpuUsage(began)
    if (round >= 0) times.push(((used.user + used.system) * 1000) / count)
  }
  const middle = times.sort((a, b) => a - b)[ROUNDS >> 1]
  return middle.toFixed(1).padStart(6)
}

function build(policy, hashes) {
  const builder = policy.builder()
  for (let i = 0; i < hashes.length; i++) {
    if (i % PER_BLOCK === 0) builder.startBlock((i / PER_BLOCK) * BLOCK_SIZE)
    builder.addKey(hashes[i])
  }
  return builder.finish((hashes.length / PER_BLOCK) * BLOCK_SIZE)
}

/** Asks for all keys in random order, so that hardly a probe finds its line in the first cache. */
function probe(reader, hashes, offsets) {
  let found = 0
  for (let i = 0; i < hashes.length; i++) if (reader.mayContain(hashes[i], offsets[i])) found++
  return found
}

function report(name, policy, keys) {
  const hashes = Uint32Array.from({ length: keys }, (_, i) => hashKey(digits(i), 0, 16))
  const reader = policy.reader(build(policy, hashes))
  const order = random.shuffle(Array.from({ length: keys }, (_, i) => i))
  const offsets = Float64Array.from(order, at => Math.floor(at / PER_BLOCK) * BLOCK_SIZE)
  const present = Uint32Array.from(order, at => hashes[at])
  const absent = Uint32Array.from(order, at => hashKey(digits(keys + at), 0, 16))
  const repeats = Math.ceil(500_000 / keys)
  const timeOf = asked =>
    measure(keys * repeats, () => {
      for (let i = 0; i < repeats; i++) probe(reader, asked, offsets)
    })
  const built = measure(keys, () => build(policy, hashes))
  const times = `build ${built}   present ${timeOf(present)}   absent ${timeOf(absent)} ns`
  const wrong = ((100 * probe(reader, absent, offsets)) / keys).toFixed(2)
  console.log(`${name.padEnd(8)} ${String(keys).padStart(8)} keys   ${times}   wrong ${wrong} %`)
}

console.log(`node ${process.version}, 10 bits per key, hash not included`)
for (const keys of [10_000, 100_000, 1_000_000]) {
  report('leveldb', leveldbBloomFilter(10), keys)
  report('blocked', blockedBloomFilter(10), keys)
}
