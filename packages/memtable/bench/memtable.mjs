/**
 * What the memtable costs: processor time per operation, beside a `Map` that is sorted when it is read in order.
 *
 *     node packages/memtable/bench/memtable.mjs [entries …]
 *
 * Keys have 16 bytes, values 100. `random`: random bytes; `sequential`: ascending numbers; `decimal`: 16 decimal
 * digits in random order, of which the first are all alike. Look-ups come in another order than
 * the insertions and include making the look-up key. Nanoseconds of the whole process, garbage collection
 * included, the best of three; `overhead` is bytes per entry besides key and value.
 */
import { FoundValue, LookupKey, MAX_SEQUENCE } from '@lsm/base'
import { MemTable } from '@lsm/memtable'

const KEY = 16
const VALUE = 100
const RECORD = KEY + VALUE + 4
const ROUNDS = Number(process.env.ROUNDS ?? 3)
const sizes = process.argv.slice(2).map(Number)
const text = new TextEncoder()

// Compiled code first; the rows are about memory, not about the compiler.
for (let round = 0; round < 3; round++) measure('random', 50_000, round)

for (const count of sizes.length > 0 ? sizes : [32_000, 400_000, 1_000_000]) {
  for (const kind of ['random', 'sequential', 'decimal']) report(kind, count)
}

function report(kind, count) {
  const rounds = Array.from({ length: ROUNDS }, (_, round) => measure(kind, count, round))
  const best = Object.keys(rounds[0]).map(name => [name, Math.min(...rounds.map(result => result[name]))])
  const cells = best.map(([name, value]) => `${name} ${String(Math.round(value)).padStart(4)}`)
  console.log(`${kind.padEnd(10)} ${String(count).padStart(7)}  ${cells.join('  ')}`)
}

function measure(kind, count, round) {
  const keys = makeKeys(kind, count, round)
  const order = shuffled(count, round + 1)
  return { ...measureTable(keys, order), ...measureMap(keys, order) }
}

function measureTable(keys, order) {
  const count = order.length
  const present = pick(keys, order, 0)
  const absent = pick(keys, order, 128)
  const table = MemTable.create(MemTable.capacityFor((KEY + VALUE) * count, count))
  const result = {}
  result.insert = timed(count, () => insert(table, keys, count))
  result.hit = timed(count, () => expectAnswers(find(table, present), count))
  result.miss = timed(count, () => expectAnswers(find(table, absent), 0))
  result.scan = timed(count, () => scan(table))
  result.reverse = timed(count, () => scanBack(table))
  const seeks = Math.min(count, 100_000)
  result.seek = timed(seeks, () => seek(table, present, seeks))
  result.open = timed(seeks, () => openAndSeek(table, present, seeks))
  result.overhead = table.memoryUsage / count - KEY - VALUE
  return result
}

function measureMap(keys, order) {
  const count = order.length
  const map = new Map()
  const latin1 = Buffer.from(keys.buffer)
  const present = Buffer.from(pick(keys, order, 0).buffer)
  let sum = 0
  const insert = timed(count, () => {
    for (let i = 0; i < count; i++) {
      const at = i * RECORD
      map.set(latin1.latin1Slice(at, at + KEY), keys.slice(at + KEY, at + KEY + VALUE))
    }
  })
  const hit = timed(count, () => {
    for (let at = 0; at < present.length; at += KEY) sum += map.get(present.latin1Slice(at, at + KEY)).length
  })
  const scan = timed(count, () => {
    for (const key of [...map.keys()].sort(byUnits)) sum += map.get(key).length
  })
  return { '| Map insert': insert, 'Map hit': hit, 'Map scan': scan }
}

/** The order of latin1 strings is that of their bytes. */
function byUnits(a, b) {
  return a < b ? -1 : 1
}

/** The keys to look up, side by side in the order of asking, so that reading them costs next to nothing. */
function pick(keys, order, change) {
  const picked = new Uint8Array(order.length * KEY)
  for (let i = 0; i < order.length; i++) {
    const at = order[i] * RECORD
    picked.set(keys.subarray(at, at + KEY), i * KEY)
    picked[i * KEY + 8] ^= change
  }
  return picked
}

function insert(table, keys, count) {
  for (let i = 0; i < count; i++) {
    const at = i * RECORD
    table.add(i + 1, 1, keys, at, at + KEY, at + KEY + 1, at + KEY + 1 + VALUE)
  }
}

function find(table, keys) {
  const lookup = new LookupKey()
  const found = new FoundValue()
  let answers = 0
  for (let at = 0; at < keys.length; at += KEY) {
    const bytes = lookup.reserve(KEY)
    for (let j = 0; j < KEY; j++) bytes[j] = keys[at + j]
    lookup.seal(KEY, MAX_SEQUENCE)
    answers += table.find(lookup, found)
  }
  return answers
}

function expectAnswers(answers, expected) {
  if (answers !== expected) throw new Error(`${answers} answers instead of ${expected}`)
}

function scan(table) {
  const iterator = table.iterator()
  let bytes = 0
  for (let move = iterator.seekToFirst(); move === 1; move = iterator.next()) bytes += iterator.key[iterator.keyStart]
  return bytes
}

function scanBack(table) {
  const iterator = table.iterator()
  let bytes = 0
  for (let move = iterator.seekToLast(); move === 1; move = iterator.prev()) bytes += iterator.key[iterator.keyStart]
  return bytes
}

function seek(table, keys, count) {
  const iterator = table.iterator()
  const lookup = new LookupKey()
  for (let i = 0; i < count; i++) {
    const bytes = lookup.reserve(KEY)
    for (let j = 0; j < KEY; j++) bytes[j] = keys[i * KEY + j]
    lookup.seal(KEY, MAX_SEQUENCE)
    iterator.seek(lookup.bytes, 0, lookup.end)
  }
}

/** What a short query costs: a new iterator, a seek, a move. */
function openAndSeek(table, keys, count) {
  const lookup = new LookupKey()
  for (let i = 0; i < count; i++) {
    const bytes = lookup.reserve(KEY)
    for (let j = 0; j < KEY; j++) bytes[j] = keys[i * KEY + j]
    lookup.seal(KEY, MAX_SEQUENCE)
    const iterator = table.iterator()
    iterator.seek(lookup.bytes, 0, lookup.end)
    iterator.next()
  }
}

/** Nanoseconds of processor time per operation. */
function timed(count, work) {
  globalThis.gc?.()
  const start = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(start)
  return ((user + system) * 1000) / count
}

/** Records: key, a byte, value, three bytes. */
function makeKeys(kind, count, seed) {
  const bytes = new Uint8Array(count * RECORD)
  const next = generator(seed + 7)
  const order = kind === 'decimal' ? shuffled(count, seed + 3) : undefined
  for (let i = 0; i < count; i++) {
    const at = i * RECORD
    if (kind === 'random') for (let j = 0; j < KEY; j++) bytes[at + j] = next() >>> 24
    else if (kind === 'decimal') bytes.set(text.encode(String(order[i]).padStart(KEY, '0')), at)
    else new DataView(bytes.buffer).setUint32(at + 12, i)
    bytes.fill(i, at + KEY, at + RECORD)
  }
  return bytes
}

function shuffled(count, seed) {
  const next = generator(seed)
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const other = Math.floor((next() / 2 ** 32) * (i + 1))
    const item = order[i]
    order[i] = order[other]
    order[other] = item
  }
  return order
}

function generator(seed) {
  let state = seed
  return () => {
    state = (state + 0x9e37_79b9) | 0
    let word = Math.imul(state ^ (state >>> 16), 0x21f0_aaad)
    word = Math.imul(word ^ (word >>> 15), 0x735a_2d97)
    return (word ^ (word >>> 15)) >>> 0
  }
}
