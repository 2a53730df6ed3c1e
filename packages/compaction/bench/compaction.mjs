/**
 * What jobs cost: merging four tables of 100,000 entries, and flushing a memtable, inline and in a worker thread.
 * Run it on an idle machine, after `tsc -b`:
 *
 *     node packages/compaction/bench/compaction.mjs
 *
 * Entries have keys of 16 bytes and values of 100, half of each compressible. MB/s are of these bytes, by wall clock; the
 * processor's time is of the whole process.
 */
import { TYPE_VALUE } from '@lsm/base'
import { InlineRunner } from '@lsm/compaction'
import { WorkerRunner } from '@lsm/compaction/node'
import { nodeFileSystem } from '@lsm/fs/node'
import { tableFileName } from '@lsm/manifest'
import { MemTable } from '@lsm/memtable'
import { blockedBloomFilter, CodecRegistry, DEFAULT_CODECS } from '@lsm/sstable'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const TABLES = 4
const COUNT = 100_000
const VALUE_SIZE = 100
const REPEATS = 8
const USER_BYTES = COUNT * (16 + VALUE_SIZE)

const components = { codecs: new CodecRegistry(DEFAULT_CODECS), filters: [blockedBloomFilter(10)] }
const values = halfRandom(1 << 20)
let seed = 1

function random() {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed
}

/** Bytes of which every second run of 50 is compressible. */
function halfRandom(size) {
  let state = 7
  return Uint8Array.from({ length: size }, (_, i) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return i % 100 < 50 ? state >>> 24 : 97
  })
}

function settings(compression) {
  return {
    blockSize: 4096,
    blockRestartInterval: 16,
    compression,
    filters: components.filters.map(({ metaName }) => metaName),
    creator: 'bench',
  }
}

function memtable(first) {
  const table = MemTable.create(64 << 20)
  const bytes = new Uint8Array(16 + VALUE_SIZE)
  for (let i = 0; i < COUNT; i++) {
    const key = String(random()).padStart(10, '0') + String(random() % 1_000_000).padStart(6, '0')
    new TextEncoder().encodeInto(key, bytes)
    const at = (i * 100) % (values.length - VALUE_SIZE)
    bytes.set(values.subarray(at, at + VALUE_SIZE), 16)
    table.add(first + i, TYPE_VALUE, bytes, 0, 16, 16, bytes.length)
  }
  table.freeze()
  return table.share()
}

/** The least wall time of some runs, and the processor's time in that run, in seconds. */
async function best(directory, run) {
  let least = { wall: Number.POSITIVE_INFINITY, cpu: 0 }
  for (let i = 0; i < REPEATS; i++) {
    const cpu = process.cpuUsage()
    const start = performance.now()
    const { files } = await run()
    const wall = (performance.now() - start) / 1e3
    const { user, system } = process.cpuUsage(cpu)
    for (const { number } of files) await directory.removeFile(tableFileName(number))
    if (wall < least.wall) least = { wall, cpu: (user + system) / 1e6 }
  }
  return least
}

function report(what, userBytes, { wall, cpu }) {
  const rate = (userBytes / wall / 1e6).toFixed(0)
  const perEntry = ((wall * 1e9 * 116) / userBytes).toFixed(0)
  console.log(`  ${what.padEnd(40)}${rate.padStart(6)} MB/s${perEntry.padStart(7)} ns/entry   cpu ${cpu.toFixed(2)} s`)
}

async function measure(compression, tables) {
  const path = mkdtempSync(join(tmpdir(), 'lsm-bench-'))
  const directory = await nodeFileSystem.openDirectory(path, true)
  const inline = new InlineRunner(directory, components)
  const worker = new WorkerRunner(directory, components, 1)
  const table = settings(compression)
  const readers = [TABLES * COUNT]
  const common = { readers, createdAt: 0, table }
  let number = 1
  console.log(`compression: ${compression}`)
  for (const runner of [inline, worker]) {
    const flush = () => runner.run({ kind: 'flush', memtable: tables[0], fileNumber: (number += 1), ...common })
    report(`flush ${runner.kind}`, USER_BYTES, await best(directory, flush))
  }
  const inputs = []
  for (const memtable of tables) {
    const { files } = await inline.run({ kind: 'flush', memtable, fileNumber: (number += 1), ...common })
    inputs.unshift(...files)
  }
  for (const runner of [inline, worker]) {
    const compaction = () => {
      number += 100
      return runner.run({
        kind: 'compaction',
        inputs: [{ level: 0, tables: inputs }],
        outputLevel: 1,
        older: [],
        grandparents: [],
        maxTableSize: 8 << 20,
        maxGrandparentOverlap: Number.POSITIVE_INFINITY,
        fileNumbers: Array.from({ length: 100 }, (_, i) => number + i),
        verifyChecksums: true,
        maxBlockSize: 1 << 26,
        verifyOutput: process.argv.includes('--verify'),
        ...common,
      })
    }
    report(`merge of ${TABLES} x ${COUNT} ${runner.kind}`, TABLES * USER_BYTES, await best(directory, compaction))
  }
  await worker.close()
  rmSync(path, { recursive: true })
}

const tables = Array.from({ length: TABLES }, (_, i) => memtable(i * COUNT + 1))
for (const compression of ['snappy', 'none']) await measure(compression, tables)
