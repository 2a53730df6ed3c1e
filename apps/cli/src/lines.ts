/**
 * A stream of bytes as lines of text, in bounded memory: what is kept is one line and one chunk.
 *
 * 1. Lines end with LF or CR LF, and with nothing else: NDJSON may hold U+2028 and other separators inside a line.
 * 2. Bytes that are not UTF-8 are refused, not replaced.
 */
import { UsageError } from './failure.ts'

/** One line of input. */
export interface Line {
  /** Counted from 1. */
  readonly number: number
  /** Without its end. */
  readonly text: string
}

/** The lines of a stream, one by one. */
export async function* lines(chunks: AsyncIterable<Uint8Array | string>): AsyncGenerator<Line, void, undefined> {
  for await (const batch of lineBatches(chunks)) yield* batch
}

/** The lines of a stream, in batches as they arrive. */
async function* lineBatches(chunks: AsyncIterable<Uint8Array | string>): AsyncGenerator<Line[], void, undefined> {
  // A decoder that is told of no more input drops a byte-order mark at the beginning.
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const pending: string[] = []
  let number = 1
  const decode = (chunk: Uint8Array | undefined): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true })
    } catch {
      throw new UsageError(`the input is not UTF-8 text, in line ${number} or soon after it`)
    }
  }
  const finish = (end: string): Line => {
    const text = pending.length === 0 ? end : pending.join('') + end
    pending.length = 0
    return { number: number++, text: text.endsWith('\r') ? text.slice(0, -1) : text }
  }
  for await (const chunk of chunks) {
    const pieces = decode(typeof chunk === 'string' ? Buffer.from(chunk) : chunk).split('\n')
    const last = pieces.pop() ?? ''
    if (pieces.length > 0) yield pieces.map(finish)
    if (last !== '') pending.push(last)
  }
  const rest = decode(undefined)
  if (rest !== '' || pending.length > 0) yield [finish(rest)]
}
