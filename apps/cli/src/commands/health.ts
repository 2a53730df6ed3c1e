/**
 * Commands about the health of a database: verify, repair, doctor.
 */
import { formatSize } from '../byte-size.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { UsageError } from '../failure.ts'
import { Progress } from '../progress.ts'
import type { CommandDefinition, Context } from './command.ts'
import { JSON_DOCUMENT } from './options.ts'

/** How far something that reads files has come. */
interface Reading {
  readonly file: string
  readonly bytesRead: number
  readonly bytesTotal: number
}

const verify: CommandDefinition = {
  name: 'verify',
  aliases: ['check'],
  chapter: 'The database',
  summary: 'read every byte of the database, and say what is wrong',
  details: `A line for each problem: file, offset, what is wrong, and what follows from it.
Nothing is changed and no lock is taken, so it may run while the database is in use.
The exit code is ${EXIT.ok} if all is well and ${EXIT.corrupt} if anything is wrong.`,
  arguments: [],
  options: [JSON_DOCUMENT],
  async run(context, given) {
    const { directory, output, signal } = context
    const { Database } = await import('@lsm/db')
    const report = await watching('verifying', context, onProgress =>
      Database.verify(directory, { signal, onProgress }),
    )
    const { CHANGED, verifyLines } = await import('./health-sentences.ts')
    await output.write(given.flag('json') ? json(report) : lines(verifyLines(report)))
    if (report.changed) output.say(CHANGED)
    return report.ok ? EXIT.ok : EXIT.corrupt
  },
}

const repair: CommandDefinition = {
  name: 'repair',
  chapter: 'The database',
  summary: 'make a new database of what can be read of a damaged one',
  details: `The damaged one is left as it is; the new one is made in a directory of its own. At the end stands what was lost.
If you have a backup, restore that instead.
The exit code is ${EXIT.ok} if nothing was lost and ${EXIT.corrupt} if anything was.`,
  arguments: [],
  options: [
    { flags: '--target <dir>', description: 'the directory of the new database (if not said: DIR.repaired)' },
    JSON_DOCUMENT,
  ],
  places: ['shell'],
  async run(context, given) {
    const { directory, output, signal } = context
    const target = given.text('target')
    if (target === '') throw new UsageError('--target must name a directory')
    const where = target === undefined ? {} : { target }
    const { Database } = await import('@lsm/db')
    const report = await watching('repairing', context, onProgress =>
      Database.repair(directory, { ...where, signal, onProgress }),
    )
    const { repairLines } = await import('./health-sentences.ts')
    await output.write(given.flag('json') ? json(report) : lines(repairLines(directory, report)))
    return report.complete ? EXIT.ok : EXIT.corrupt
  },
}

const doctor: CommandDefinition = {
  name: 'doctor',
  chapter: 'The database',
  summary: 'say why the database does not open, and what to do',
  details: `Looks at the directory, its lock and its files, opens it to read and reads every byte of it. Nothing is changed.
A line for each thing that was looked at, then a verdict and the command to run next.
The exit code is ${EXIT.ok} if it opens and is in order, ${EXIT.locked} if it is in use, ${EXIT.corrupt} if it is damaged, and ${EXIT.failed} if there is nothing to open.`,
  arguments: [],
  options: [{ flags: '--quick', description: 'do not read every byte' }, JSON_DOCUMENT],
  places: ['shell'],
  async run(context, given): Promise<ExitCode> {
    const { directory, output, signal } = context
    const { examine } = await import('../doctor/examine.ts')
    const quick = given.flag('quick')
    const diagnosis = await watching('reading', context, onProgress =>
      examine(directory, { quick, signal, onProgress }),
    )
    const { diagnosisLines } = await import('../doctor/text.ts')
    const bold = (text: string): string => output.bold(text)
    await output.write(given.flag('json') ? json(diagnosis) : lines(diagnosisLines(diagnosis, bold)))
    return diagnosis.code
  },
}

/** Does something, showing how far it has come. */
async function watching<T>(
  doing: string,
  { output }: Context,
  action: (onProgress: (now: Reading) => void) => Promise<T>,
): Promise<T> {
  const progress = new Progress(output)
  try {
    return await action(now => progress.show(() => progressLine(doing, now)))
  } finally {
    progress.end()
  }
}

function progressLine(doing: string, { file, bytesRead, bytesTotal }: Reading): string {
  const percent = bytesTotal === 0 ? '' : `${Math.min(100, Math.floor((100 * bytesRead) / bytesTotal))} %, `
  return `${doing}: ${percent}${formatSize(bytesRead)} read, ${file}`
}

function lines(texts: readonly string[]): string {
  return `${texts.join('\n')}\n`
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}

/** Commands about the health of a database. */
export const HEALTH_COMMANDS: readonly CommandDefinition[] = [verify, repair, doctor]
