/**
 * The reports of a verification and of a repair in plain words.
 */
import type { LostStretch, RepairReport, VerifyReport } from '@lsm/db'

import { formatSize } from '../byte-size.ts'
import { commandFor, shellWord } from '../doctor/next-command.ts'
import { plural } from './recovery-sentences.ts'

/** What is said where the files changed meanwhile. */
export const CHANGED =
  'the files changed while they were read: somebody has the database open, and this may mix two states of it'

/** What the report of a verification says, a line each. */
export function verifyLines(report: VerifyReport): string[] {
  const { problems, dropped, tables, logs, entries, deletions, bytesRead } = report
  return [
    ...problems.map(({ file, offset, what, effect }) => `${file} ${offset} ${what} — ${effect}`),
    ...dropped.map(({ file, offset, bytes, reason }) => {
      const what = `${reason}; ${plural(bytes, 'byte', 'bytes')} dropped`
      return `${file} ${offset} ${what} — a crash tore the end of the log; opening leaves it out`
    }),
    `Read ${plural(tables, 'table', 'tables')} and ${plural(logs, 'log', 'logs')}, ${formatSize(bytesRead)}: ` +
      `${plural(entries, 'entry', 'entries')}, ${plural(deletions, 'deletion', 'deletions')} among them.`,
    problems.length === 0 ? 'All is well.' : `${plural(problems.length, 'problem', 'problems')}.`,
  ]
}

/** What the report of a repair says, and what to do next, a line each. */
export function repairLines(directory: string, report: RepairReport): string[] {
  const { target, files, complete, lost, entriesLost, notes, tables, bytes, entries } = report
  const read = files.reduce((sum, file) => sum + file.entries, 0)
  return [
    `Read ${plural(read, 'entry', 'entries')} of ${plural(files.length, 'file', 'files')}.`,
    `Made ${plural(tables, 'table', 'tables')} of ${plural(entries, 'key', 'keys')}, ${formatSize(bytes)}, in ${target}.`,
    ...(complete ? ['Nothing was lost.'] : ['Lost:', ...lost.map(lostLine), lostCount(entriesLost)]),
    ...notes,
    '',
    ...nextSteps(directory, target),
  ]
}

function lostLine({ file, offset, bytes, reason }: LostStretch): string {
  return `  ${file} ${offset} ${bytes === 0 ? '' : `${plural(bytes, 'byte', 'bytes')}: `}${reason}`
}

function lostCount(entries: number): string {
  return entries === 0
    ? 'How many entries were lost is not known.'
    : `About ${plural(entries, 'entry was', 'entries were')} lost.`
}

function nextSteps(directory: string, target: string): string[] {
  const path = directory.replace(/(?<=.)[/\\]+$/, '')
  return [
    `Next: look at what was saved with "${commandFor(target, 'scan')}". To put it in the place of the damaged database:`,
    `  mv ${shellWord(path)} ${shellWord(`${path}.damaged`)}`,
    `  mv ${shellWord(target)} ${shellWord(path)}`,
  ]
}
