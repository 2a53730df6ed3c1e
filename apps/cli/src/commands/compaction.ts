/**
 * The command that compacts: what it says while it runs, and at the end.
 */
import type { CompactRangeProgress } from '@lsm/db'

import { formatSize } from '../byte-size.ts'
import { EXIT } from '../exit-codes.ts'
import type { Output } from '../output.ts'
import { Progress } from '../progress.ts'
import type { ByteDatabase, CommandDefinition } from './command.ts'
import { formsOf, KEY_FORMS } from './options.ts'
import { BOUNDS, boundsOf, type Bounds } from './range.ts'
import { plural } from './recovery-sentences.ts'

/** Of all that there is to read, since steps of several levels read some of it twice. */
const MOST_PERCENT = 99

const compact: CommandDefinition = {
  name: 'compact',
  chapter: 'The database',
  summary: 'compact a range of keys; everything, if no range is given',
  details: `What was overwritten or deleted leaves the disk, and reads have fewer tables to ask.
A table on a bound is compacted as a whole. Ctrl-C ends it; what was done until then stays done.
With --strategy fifo there is nothing to do: it rewrites nothing.`,
  arguments: [],
  options: [...BOUNDS, ...KEY_FORMS],
  async run({ open, output, signal }, given) {
    const range = boundsOf(given, formsOf(given).key)
    const database = await open('write')
    await database.flush()
    const before = tablesOf(database)
    const start = performance.now()
    const last = await compactRange(database, range, output, signal)
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    output.say(`${before} → ${tablesOf(database)}; ${traffic(last)}, ${seconds} s`)
    return EXIT.ok
  },
}

/** Compacts, showing how far it has come; resolves to how far it came. */
async function compactRange(
  database: ByteDatabase,
  range: Bounds,
  output: Output,
  signal: AbortSignal,
): Promise<CompactRangeProgress | undefined> {
  let last: CompactRangeProgress | undefined
  const progress = new Progress(output)
  const onProgress = (now: CompactRangeProgress): void => {
    last = now
    progress.show(() => progressLine(now))
  }
  try {
    await database.compactRange(range, { signal, onProgress })
    return last
  } finally {
    progress.end()
  }
}

function progressLine(progress: CompactRangeProgress): string {
  const { bytesRead, bytesTotal } = progress
  const percent = bytesTotal === 0 ? '' : `${Math.min(MOST_PERCENT, Math.floor((100 * bytesRead) / bytesTotal))} %, `
  return `compacting: ${percent}${traffic(progress)}`
}

function traffic(progress: CompactRangeProgress | undefined): string {
  const { steps, bytesRead, bytesWritten } = progress ?? { steps: 0, bytesRead: 0, bytesWritten: 0 }
  return `${plural(steps, 'step', 'steps')}, ${formatSize(bytesRead)} read, ${formatSize(bytesWritten)} written`
}

function tablesOf(database: ByteDatabase): string {
  const { levels } = database.stats()
  const tables = levels.reduce((sum, level) => sum + level.tables, 0)
  return `${formatSize(levels.reduce((sum, { bytes }) => sum + bytes, 0))} in ${plural(tables, 'table', 'tables')}`
}

/** Commands that compact. */
export const COMPACTION_COMMANDS: readonly CommandDefinition[] = [compact]
