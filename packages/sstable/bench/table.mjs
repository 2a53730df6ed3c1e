/**
 * What a table costs: building, seeking, looking up, walking. Run it on an idle machine, after `tsc -b`:
 *
 *     node packages/sstable/bench/table.mjs
 *
 * Times are of this process's processor, so that other programs disturb them less. 200,000 entries of 16 + 100 bytes,
 * half of each value compressible.
 */
import { FoundValue, internalKey, LookupKey, MAX_SEQUENCE, MISS, ReadContext, VALID } from '@lsm/base'
import {
  BlockCache,
  blockedBloomFilter,
  CodecRegistry,
  DEFAULT_CODECS,
  leveldbBloomFilter,
  SNAPPY,
  TableBuilder,
  TableReader,
} from '@lsm/sstable'

const COUNT = 200_000
const VALUE_SIZE = 100
const REPEATS = 5

function report(what, run) {
  let operations = 0
  const seconds = best(() => {
    operations = run()
  })
  console.log(`  ${what.padEnd(46)}${((seconds * 1e9) / operations).toFixed(0).padStart(8)} ns`)
}

/** The least time that a run took, in seconds of the processor. */
function best(run, repeats = REPEATS) {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < repeats; i++) {
    const before = process.cpuUsage()
    run()
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / 1e6)
  }
  return least
}

function build(keys, options, file = new MemoryFile()) {
  file.size = 0
  const builder = new TableBuilder(file, {
    blockSize: 4096,
    blockRestartInterval: 16,
    codec: undefined,
    filters: [],
    creator: 'bench',
    createdAt: 0,
    ...options,
  })
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]
    const at = (i * 37) % (values.length - VALUE_SIZE)
    builder.add(key, 0, key.length, values, at, at + VALUE_SIZE)
  }
  builder.finish()
  return file
}

function openTable(file, capacity) {
  return TableReader.openSync(file, file.size, {
    verifyChecksums: true,
    maxBlockSize: 64 * 1024 * 1024,
    codecs: new CodecRegistry(DEFAULT_CODECS),
    filters: [blockedBloomFilter(), leveldbBloomFilter()],
    cache: new BlockCache(capacity),
  })
}

const cold = new WeakMap()

function openBlock(file, i) {
  if (!cold.has(file)) cold.set(file, openTable(file, 0))
  cold.get(file).loadPageSync(i)
}

function seeker(reader, keys) {
  const iterator = reader.iterator(new ReadContext())
  return () => {
    let valid = 0
    for (let round = 0; round < 200_000 / keys.length; round++) {
      for (const key of keys) if (iterator.seek(key, 0, key.length) === VALID) valid++
    }
    return check(valid)
  }
}

function finder(reader, keys) {
  const lookups = keys.map(key => {
    const lookup = new LookupKey()
    lookup.assign(key.subarray(0, -8), MAX_SEQUENCE)
    return lookup
  })
  const found = new FoundValue()
  const context = new ReadContext()
  return () => {
    let operations = 0
    for (let round = 0; round < 200_000 / keys.length; round++) {
      for (const lookup of lookups) if (reader.find(lookup, found, context) !== MISS) operations++
    }
    return check(operations)
  }
}

function walker(reader, reverse) {
  const iterator = reader.iterator(new ReadContext())
  return () => {
    let entries = 0
    if (reverse) for (let move = iterator.seekToLast(); move === VALID; move = iterator.prev()) entries++
    else for (let move = iterator.seekToFirst(); move === VALID; move = iterator.next()) entries++
    return check(entries)
  }
}

function check(operations) {
  if (operations < 100_000) throw new Error(`only ${operations} operations succeeded`)
  return operations
}

/** Some of the first `among` keys, in random order. */
function spread(keys, count, among) {
  const random = generator(3)
  return Array.from({ length: count }, () => keys[Math.floor(random() * among)])
}

/** A key beside the given one, of the same length. */
function absent(key) {
  const other = key.slice()
  other[15] ^= 0x80
  return other
}

function decimalKeys() {
  const encoder = new TextEncoder()
  return Array.from({ length: COUNT }, (_, i) => internalKey(encoder.encode(String(i * 7).padStart(16, '0')), i + 1, 1))
}

function randomKeys() {
  const random = generator(1)
  const keys = Array.from({ length: COUNT }, (_, i) => {
    const key = new Uint8Array(16)
    for (let at = 0; at < 16; at++) key[at] = random() * 256
    return internalKey(key, i + 1, 1)
  })
  return keys.sort((a, b) => Buffer.compare(a, b))
}

function randomValues() {
  const random = generator(2)
  const bytes = new Uint8Array(1 << 20)
  for (let at = 0; at < bytes.length; at += VALUE_SIZE) {
    for (let i = 0; i < VALUE_SIZE / 2; i++) bytes[at + i] = 32 + random() * 95
    bytes.copyWithin(at + VALUE_SIZE / 2, at, at + VALUE_SIZE / 2)
  }
  return bytes
}

/** Random numbers from 0 to 1 (mulberry32). */
function generator(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b_79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

/** A file in memory, to be written and read. */
class MemoryFile {
  name = '000001.ldb'
  size = 0
  #bytes = new Uint8Array(64 * 1024 * 1024)

  append(bytes, start, end) {
    this.#bytes.set(bytes.subarray(start, end), this.size)
    this.size += end - start
  }

  readSync(position, target, start, length) {
    target.set(this.#bytes.subarray(position, position + length), start)
    return length
  }

  async read(...range) {
    return this.readSync(...range)
  }

  async sync() {}

  async close() {}
}

const values = randomValues()
main()

function main() {
  const KEY_SETS = { 'decimal keys': decimalKeys(), 'random keys': randomKeys() }

  for (const [name, keys] of Object.entries(KEY_SETS)) {
    console.log(`\n${name}`)
    const scratch = new MemoryFile()
    const bytes = (COUNT * (16 + VALUE_SIZE)) / 1e6
    const rate = (what, options) => {
      const seconds = best(() => build(keys, options, scratch))
      console.log(`  ${what.padEnd(46)}${(bytes / seconds).toFixed(0).padStart(8)} MB/s`)
    }
    rate('build, raw', { codec: undefined })
    rate('build, Snappy', { codec: SNAPPY })
    rate('build, Snappy and filter', { codec: SNAPPY, filters: [blockedBloomFilter()] })

    const table = build(keys, { codec: SNAPPY, filters: [blockedBloomFilter()] })
    const reader = openTable(table, 256 * 1024 * 1024)
    const loaded = best(() => {
      for (let i = 0; i < reader.blocks; i++) openBlock(table, i)
    }, 3)
    console.log(
      `  ${'load a block (memory, checksum, Snappy, check)'.padEnd(46)}${((loaded * 1e9) / reader.blocks).toFixed(0).padStart(8)} ns`,
    )
    for (let i = 0; i < reader.blocks; i++) reader.loadPageSync(i)
    report('seek, hot (2,000 keys of 64 blocks)', seeker(reader, spread(keys, 2000, 64 * 36)))
    report('seek, anywhere in 24 MB', seeker(reader, spread(keys, 100_000, COUNT)))
    report('find, hot', finder(reader, spread(keys, 2000, 64 * 36)))
    report('find, anywhere in 24 MB', finder(reader, spread(keys, 100_000, COUNT)))
    report('find, absent', finder(reader, spread(keys, 100_000, COUNT).map(absent)))
    report('walk forwards', walker(reader, false))
    report('walk backwards', walker(reader, true))
  }
}
