/**
 * What opening a database would do, found out by opening it to read; and what is in all of its files.
 */
import { LsmError } from '@lsm/base'
import type { RecoveryReport, VerifyProgress } from '@lsm/db'

import { formatSize } from '../byte-size.ts'
import { plural } from '../commands/recovery-sentences.ts'
import { openToRead } from '../session.ts'
import type { Findings } from './findings.ts'

/** Opens the database to read; gives the failure, if it does not open. */
export async function examineOpening(path: string, findings: Findings): Promise<LsmError | undefined> {
  try {
    const database = await openToRead(path)
    const { recovery } = database
    await database.close()
    sayRecovery(recovery, findings)
    return undefined
  } catch (error) {
    if (!(error instanceof LsmError)) throw error
    findings.bad('open', error.message)
    return error
  }
}

function sayRecovery({ entries, batches, lastSequence, dropped, holes }: RecoveryReport, findings: Findings): void {
  const replay = `${plural(entries, 'entry', 'entries')} in ${plural(batches, 'batch', 'batches')}`
  findings.ok('open', `it opens, and replays ${replay} of its logs, up to write ${lastSequence}`)
  for (const { file, offset, bytes, reason } of dropped) {
    const text = `it leaves out ${plural(bytes, 'byte', 'bytes')} of ${file} at offset ${offset}: ${reason}`
    findings.note('open', text, 'if a crash tore the end of this log, nothing that was synced is in it')
  }
  if (holes) findings.note('open', 'whole records lie behind the bytes that it leaves out, and are left out too')
}

/** Reads all of the database, and says in short what is wrong with it. */
export async function examineContents(
  path: string,
  findings: Findings,
  signal: AbortSignal,
  onProgress: (progress: VerifyProgress) => void,
): Promise<void> {
  const { Database } = await import('@lsm/db')
  const { ok, problems, entries, bytesRead, changed } = await Database.verify(path, { signal, onProgress })
  if (ok) {
    findings.ok('contents', `${plural(entries, 'entry', 'entries')}, ${formatSize(bytesRead)} read, no damage`)
  } else {
    const [{ file, offset, what }] = problems
    const first = `${file} at offset ${offset}: ${what}`
    const text =
      problems.length === 1 ? first : `${plural(problems.length, 'problem', 'problems')}, the first in ${first}`
    findings.bad('contents', text, '"verify" lists all of it')
  }
  if (changed) findings.note('contents', 'the files changed while they were read, so this may mix two states of them')
}
