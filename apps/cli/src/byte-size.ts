/**
 * Numbers of bytes as people write them.
 *
 *     written   4096 bytes, 16.0 MiB              binary units, one digit after the point
 *     read      4096, 16MiB, 1.5 TB, 200kB        KiB is 1024 bytes, KB is 1000; case does not matter
 */
import { UsageError } from './failure.ts'

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

const PREFIXES = 'kmgtp'

/** Bytes with a unit that suits them. */
export function formatSize(bytes: number): string {
  let unit = 0
  let amount = bytes
  while (amount >= 1024 && unit < UNITS.length - 1) {
    amount /= 1024
    unit++
  }
  return `${unit === 0 ? Math.round(amount) : amount.toFixed(1)} ${UNITS[unit]}`
}

/** The bytes that a text says; `what` names it in the message of the {@link UsageError} if it says none. */
export function parseSize(text: string, what: string): number {
  const [whole, digits, prefix = '', binary] = /^(\d+(?:\.\d+)?) ?(?:([kmgtp])(i?)b|b)?$/i.exec(text.trim()) ?? []
  const step = binary === '' ? 1000 : 1024
  const bytes = Math.round(Number(digits) * step ** (prefix === '' ? 0 : 1 + PREFIXES.indexOf(prefix.toLowerCase())))
  if (whole !== undefined && Number.isSafeInteger(bytes)) return bytes
  throw new UsageError(`${what} must be a size such as 4096, 16MiB or 1.5TB`)
}
