/**
 * An examination from beginning to end: what stands there, who holds it, what its files say, whether it opens, and
 * whether every byte of it is right.
 *
 * 1. Nothing is written, no lock is taken and no file is made: it may run on anything, also beside a database in use.
 * 2. It ends early only where there is no database to look at.
 */
import type { LsmError } from '@lsm/base'
import type { VerifyProgress } from '@lsm/db'

import { EXIT } from '../exit-codes.ts'
import { examineContents, examineOpening } from './contents.ts'
import { examineFiles } from './files.ts'
import { Findings, type Diagnosis, type Verdict } from './findings.ts'
import { commandFor } from './next-command.ts'
import { examineLock, examinePlace } from './place.ts'

/** How to examine. */
export interface Examination {
  /** Whether to leave out reading every byte. */
  readonly quick: boolean
  readonly signal: AbortSignal
  readonly onProgress: (progress: VerifyProgress) => void
}

/** Examines what stands at a path. */
export async function examine(path: string, { quick, signal, onProgress }: Examination): Promise<Diagnosis> {
  const findings = new Findings()
  const place = await examinePlace(path, findings)
  if ('verdict' in place) return { findings: findings.all, ...place }
  const holder = await examineLock(path, findings)
  await examineFiles(path, place.entries, findings)
  const failure = await examineOpening(path, findings)
  signal.throwIfAborted()
  const isReadable = failure === undefined || failure.code === 'LSM_CORRUPTION'
  if (!quick && isReadable) await examineContents(path, findings, signal, onProgress)
  return { findings: findings.all, ...verdictOf(path, failure, holder, findings) }
}

function verdictOf(
  path: string,
  failure: LsmError | undefined,
  holder: LsmError | undefined,
  { all }: Findings,
): Verdict {
  if (failure !== undefined) return verdictOnFailure(path, failure)
  if (all.some(({ state }) => state === 'bad')) {
    const verdict = 'It opens, but it is damaged: what meets the damage fails. Restore a backup, or repair.'
    return { verdict, next: commandFor(path, 'repair'), code: EXIT.corrupt }
  }
  if (holder !== undefined) {
    const verdict = 'It is in order, and in use: others can read it and not write to it.'
    return { verdict, next: commandFor(path, '--read-only'), code: EXIT.locked }
  }
  if (all.some(({ subject, state }) => subject === 'directory' && state === 'note')) {
    const verdict = 'It is in order, and opens to be read; this user may not write to it.'
    return { verdict, next: commandFor(path, '--read-only'), code: EXIT.ok }
  }
  return { verdict: 'It is in order, and opens.', next: commandFor(path, 'stats'), code: EXIT.ok }
}

/** Why a database does not open, by the code of the failure. */
function verdictOnFailure(path: string, { code }: LsmError): Verdict {
  if (code === 'LSM_CORRUPTION') {
    const verdict = 'It does not open, because it is damaged. Restore a backup, or repair, which makes a new database.'
    return { verdict, next: commandFor(path, 'repair'), code: EXIT.corrupt }
  }
  if (code === 'LSM_NOT_FOUND') {
    const verdict = 'There is no database yet: making one was cut short. Writing makes it.'
    return { verdict, next: commandFor(path, 'put KEY VALUE'), code: EXIT.failed }
  }
  if (code === 'LSM_NOT_SUPPORTED') {
    const verdict = 'It does not open here: it needs the program that wrote it.'
    return { verdict, next: 'copy the data with that program', code: EXIT.failed }
  }
  const verdict = 'It does not open: the system does not let it be read.'
  return { verdict, next: `mend that, then ${commandFor(path, 'doctor')}`, code: EXIT.failed }
}
