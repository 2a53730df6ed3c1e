/**
 * Reads a log from front to back, a chunk at a time.
 *
 * Does not know how a log looks, nor what is in a record.
 */
import type { ReadableFile } from '@lsm/base'

import { BLOCK_SIZE } from './log-format.ts'
import { LogScan } from './log-scan.ts'
import type { LogEnd, LogVisitor } from './log-visitor.ts'

/** How to read a log. */
export interface LogReadOptions {
  /** Bytes read at a time, rounded up to whole blocks; 1 MiB if not given. */
  readonly chunkSize?: number
  /** A record larger than this many bytes is damage; 256 MiB if not given. */
  readonly maxRecordSize?: number
}

/** Reads a log as it is now; what is appended meanwhile is not seen. Checks and reports, and changes nothing. */
export async function readLog(
  file: ReadableFile,
  visitor: LogVisitor,
  { chunkSize = 1 << 20, maxRecordSize = 256 << 20 }: LogReadOptions = {},
): Promise<LogEnd> {
  const scan = new LogScan(file, visitor, maxRecordSize)
  const blocks = Math.max(1, Math.ceil(Math.min(chunkSize, file.size) / BLOCK_SIZE))
  const chunk = new Uint8Array(Math.min(blocks * BLOCK_SIZE, file.size))
  let position = 0
  while (position < file.size && !scan.stopped) {
    const wanted = Math.min(chunk.length, file.size - position)
    const length = await file.read(position, chunk, 0, wanted)
    scan.blocks(chunk, length, position)
    position += length
    if (length < wanted) break
  }
  return scan.finish(position)
}
