/**
 * The loop of every job: entries in, tables out.
 *
 *     source -> retention -> splitter -> builder
 *
 * The inner loop is synchronous and stops for a reason: a block is lacking, a table is to be begun, it is time to look
 * around, or there is nothing left. The outer one does what the reason asks for and starts the inner one again.
 *
 * 1. Whatever fails, and however the job is stopped: nothing that it wrote stays.
 * 2. Inputs whose keys do not ascend are corrupt: the job is refused, nothing is dropped or sorted anew.
 *
 * Does not know where entries come from.
 */
import { corruption, END, VALID, type MergingIterator, type MISS, type Move, type ReadContext } from '@lsm/base'
import type { TableBuilder } from '@lsm/sstable'

import type { BlockLoads } from './block-loads.ts'
import { throwIfCancelled, type JobResult, type JobSurroundings } from './job.ts'
import type { OutputSplitter } from './output-splitter.ts'
import type { OutputTable, OutputTables } from './output-tables.ts'
import type { Retention } from './retention.ts'

/** What a rewrite consists of. */
export interface RewriteParts {
  /** Its entries, in internal-key order. */
  readonly source: MergingIterator
  /** Where the source notes what it lacks. */
  readonly context: ReadContext
  readonly loads: BlockLoads
  readonly retention: Retention
  readonly splitter: OutputSplitter
  readonly outputs: OutputTables
  /** Bytes read from tables so far. */
  readonly bytesRead: () => number
  /** What the source is, for messages. */
  readonly sourceName: string
  /** Looks at the tables once more when they are complete. */
  readonly check?: ((files: readonly OutputTable[]) => Promise<void>) | undefined
}

/** The entry at hand needs a new table; beside the moves MISS and END, a reason to stop. */
const FULL = 3
/** It is time to look around. */
const LOOK = 4
type Stop = typeof END | typeof MISS | typeof FULL | typeof LOOK

/** Work between two looks: an entry counts 1, and so does every KiB of its value. */
const WORK_PER_LOOK = 128
/** Bytes of output for which the rate limiter is asked at a time. */
const CHUNK = 64 * 1024

/** Runs a rewrite to its end. */
export async function rewrite(parts: RewriteParts, surroundings: JobSurroundings): Promise<JobResult> {
  const { outputs } = parts
  try {
    return await new Rewrite(parts, surroundings).run()
  } catch (error) {
    await outputs.abandon()
    throw error
  } finally {
    parts.context.release()
  }
}

class Rewrite {
  readonly #parts: RewriteParts
  readonly #surroundings: JobSurroundings
  #read = 0
  #written = 0
  #started = false
  /** Bytes of user key that all entries since the last one that was written share with it, and with each other. */
  #shared = 0
  /** Whether the entry at hand is kept, and has still to be written. */
  #holding = false
  #work = WORK_PER_LOOK
  /** Output bytes that the limiter was asked for. */
  #limited = 0

  constructor(parts: RewriteParts, surroundings: JobSurroundings) {
    this.#parts = parts
    this.#surroundings = surroundings
  }

  async run(): Promise<JobResult> {
    const { loads, outputs, bytesRead } = this.#parts
    this.#tell()
    await this.#look()
    for (let stop = this.#pump(); stop !== END; stop = this.#pump()) {
      if (stop === FULL) await this.#beginTable()
      else if (stop === LOOK) await this.#look()
      else if (!loads.tryNow()) await loads.wait()
    }
    await outputs.finish()
    await this.#parts.check?.(outputs.files)
    this.#tell()
    return {
      files: outputs.files,
      entriesRead: this.#read,
      entriesWritten: this.#written,
      dropped: this.#read - this.#written,
      bytesRead: bytesRead(),
      bytesWritten: outputs.bytes,
    }
  }

  /** Writes entries until there is a reason to stop. */
  #pump(): Stop {
    const { source, retention, splitter, outputs } = this.#parts
    const { builder } = outputs
    for (;;) {
      if (!this.#holding) {
        if (this.#work <= 0) return LOOK
        const move = this.#move()
        if (move !== VALID) return move
        this.#read++
        if (source.shared < this.#shared) this.#shared = source.shared
        this.#work -= 1 + ((source.valueEnd - source.valueStart) >>> 10)
        if (!retention.keeps(source.key, source.keyStart, source.keyEnd, source.shared)) continue
        this.#holding = true
        if (builder === undefined) return FULL
        if (retention.isNewest && splitter.splitsBefore(source.key, source.keyStart, source.keyEnd, builder.size)) {
          return FULL
        }
      }
      this.#add(builder!)
      this.#holding = false
    }
  }

  #add(builder: TableBuilder): void {
    const { source } = this.#parts
    const { key, keyStart, keyEnd, value, valueStart, valueEnd } = source
    try {
      builder.addShared(this.#shared, key, keyStart, keyEnd, value, valueStart, valueEnd)
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      throw corruption('keys do not ascend from one table of a level to the next', this.#parts.sourceName, 0, error)
    }
    this.#shared = Number.MAX_SAFE_INTEGER
    this.#written++
  }

  #move(): Move {
    if (this.#started) return this.#parts.source.next()
    const move = this.#parts.source.seekToFirst()
    if (move === VALID) this.#started = true
    return move
  }

  /** Begins the table that the entry at hand is the first of. */
  async #beginTable(): Promise<void> {
    const { source, splitter, outputs } = this.#parts
    await outputs.next()
    splitter.begin(source.key, source.keyStart, source.keyEnd)
  }

  /** Looks whether to stop, to wait, to tell, or to let others run. Never called between a miss and its load. */
  async #look(): Promise<void> {
    const { pace, cancellation, limiter } = this.#surroundings
    const { context, outputs } = this.#parts
    this.#work = WORK_PER_LOOK
    context.release()
    throwIfCancelled(cancellation)
    const unlimited = outputs.bytes - this.#limited
    if (limiter !== undefined && unlimited >= CHUNK) {
      this.#limited += unlimited
      await limiter.take(unlimited, cancellation)
    }
    if (!pace.due()) return
    this.#tell()
    await pace.yield()
  }

  #tell(): void {
    const { outputs, bytesRead } = this.#parts
    this.#surroundings.onProgress?.({ entries: this.#read, bytesRead: bytesRead(), bytesWritten: outputs.bytes })
  }
}
