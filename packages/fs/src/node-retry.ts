/**
 * Patience for Windows, where renaming or removing a file fails for a moment while a virus scanner or an indexer
 * holds it. Elsewhere the first answer is the last.
 */
import { setTimeout as delay } from 'node:timers/promises'

import { errorCode } from './node-errors.ts'

const MOMENTARY: ReadonlySet<string> = new Set(['EPERM', 'EACCES', 'EBUSY'])
const ATTEMPTS = 10

/** Does it again while the file is in use, waiting 1, 2, 4 … ms: half a second in all. */
export async function whileBusy<T>(action: () => Promise<T>, attempts: number = platformAttempts()): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action()
    } catch (error) {
      if (attempt >= attempts || !MOMENTARY.has(errorCode(error))) throw error
      await delay(2 ** (attempt - 1))
    }
  }
}

function platformAttempts(): number {
  return process.platform === 'win32' ? ATTEMPTS : 1
}
