/**
 * An examination as text: a line for each finding, a line for what to do about it, and the verdict.
 */
import type { Diagnosis, Finding } from './findings.ts'

/** Columns before the text of a finding: its state and its subject. */
const STATE = 6
const SUBJECT = 11

/** The lines of an examination. */
export function diagnosisLines({ findings, verdict, next }: Diagnosis, bold: (text: string) => string): string[] {
  return [...findings.flatMap(finding => findingLines(finding, bold)), '', bold(verdict), `Next: ${next}`]
}

function findingLines({ subject, state, text, advice }: Finding, bold: (text: string) => string): string[] {
  const word = state.padEnd(STATE)
  const line = `${state === 'bad' ? bold(word) : word}${subject.padEnd(SUBJECT)}${text}`
  return advice === undefined ? [line] : [line, `${' '.repeat(STATE + SUBJECT)}→ ${advice}`]
}
