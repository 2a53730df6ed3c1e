/**
 * Many operations from a file or from standard input.
 *
 * Memory is bounded by one chunk: so many operations, or so many bytes of them, whichever comes first.
 */
import { createReadStream } from 'node:fs'

import { EXIT } from '../exit-codes.ts'
import { UsageError } from '../failure.ts'
import { lines } from '../lines.ts'
import { parseOperation, type Operation } from '../ndjson.ts'
import type { CommandDefinition, Context, Given } from './command.ts'
import { countOption, SYNC } from './options.ts'

/** Operations of a chunk, if nothing else is asked for. */
const CHUNK = 1000

/** Bytes of keys and values after which a chunk is applied, however few operations it has. */
const CHUNK_BYTES = 8 * 1024 * 1024

const batch: CommandDefinition = {
  name: 'batch',
  aliases: ['load'],
  chapter: 'Writing',
  summary: 'apply operations from NDJSON, of standard input or a file',
  details: `Lines are {"type":"put","key":"a","value":"1"} or {"type":"del","key":"a"}; without a type a line is a put.
Bytes that are not text come as "key_base64", "value_base64", "key_hex", "value_hex".
Operations are applied in chunks, each of them whole or not at all: ${CHUNK} operations, or fewer of more than 8 MiB.`,
  arguments: [],
  options: [
    { flags: '--file <path>', description: 'read this file instead of standard input' },
    { flags: '--chunk <count>', description: `operations that are applied together (${CHUNK})` },
    { flags: '--atomic', description: 'apply all operations together, or none; they must fit in memory' },
    SYNC,
  ],
  async run(context, given) {
    const atomic = given.flag('atomic')
    const most = atomic ? Number.POSITIVE_INFINITY : (countOption(given, 'chunk', 1) ?? CHUNK)
    const load = new Load(context, given.flag('sync'), most, atomic ? Number.POSITIVE_INFINITY : CHUNK_BYTES)
    const applied = await load.run(sourceOf(context, given))
    context.output.say(`${applied} ${applied === 1 ? 'operation' : 'operations'}`)
    return EXIT.ok
  },
}

function sourceOf(context: Context, given: Given): AsyncIterable<Uint8Array | string> {
  const path = given.text('file')
  if (path !== undefined) return createReadStream(path)
  const input = context.input()
  if (input !== undefined) return input
  throw new UsageError('standard input is in use here: name a file with --file')
}

/** One run of `batch`. */
class Load {
  readonly #context: Context
  readonly #sync: boolean
  readonly #most: number
  readonly #mostBytes: number
  #chunk: Operation[] = []
  #bytes = 0
  #applied = 0

  constructor(context: Context, sync: boolean, most: number, mostBytes: number) {
    this.#context = context
    this.#sync = sync
    this.#most = most
    this.#mostBytes = mostBytes
  }

  async run(source: AsyncIterable<Uint8Array | string>): Promise<number> {
    for await (const { number, text } of lines(source)) {
      if (text.trim() !== '') this.#add(text, number)
      if (this.#chunk.length < this.#most && this.#bytes < this.#mostBytes) continue
      this.#context.signal.throwIfAborted()
      await this.#apply()
    }
    await this.#apply()
    return this.#applied
  }

  #add(text: string, number: number): void {
    try {
      const operation = parseOperation(text)
      this.#chunk.push(operation)
      this.#bytes += operation.key.length + (operation.type === 'put' ? operation.value.length : 0)
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      const state = this.#applied === 0 ? 'nothing was applied' : `${this.#applied} operations before it were applied`
      throw new UsageError(`line ${number}: ${error.message}; ${state}`)
    }
  }

  /** Opens the database, too, if it is not open: input that is wrong from the beginning creates none. */
  async #apply(): Promise<void> {
    const database = await this.#context.open('create')
    if (this.#chunk.length === 0) return
    await database.batch(this.#chunk, { sync: this.#sync })
    this.#applied += this.#chunk.length
    this.#chunk = []
    this.#bytes = 0
  }
}

/** Commands that load. */
export const BATCH_COMMANDS: readonly CommandDefinition[] = [batch]
