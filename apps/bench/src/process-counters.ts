/**
 * What the operating system counts of this process, all threads together.
 */
import { readFileSync } from 'node:fs'

/** Counters at one moment. */
export interface ProcessCounters {
  /** Seconds of processor time, user and system. */
  readonly cpuSeconds: number
  /** Bytes of pages made dirty, and so sent to the disk sooner or later; missing where there is no `/proc`. */
  readonly diskBytesWritten: number | undefined
  /** Bytes that had to be fetched from the disk; missing where there is no `/proc`. */
  readonly diskBytesRead: number | undefined
  /** Bytes handed to `write` calls; missing where there is no `/proc`. */
  readonly bytesHandedToWrite: number | undefined
}

/** Reads the counters. */
export function processCounters(): ProcessCounters {
  const { user, system } = process.cpuUsage()
  const io = processIo()
  return {
    cpuSeconds: (user + system) / 1e6,
    diskBytesWritten: io.get('write_bytes'),
    diskBytesRead: io.get('read_bytes'),
    bytesHandedToWrite: io.get('wchar'),
  }
}

/** The largest resident memory so far, in bytes. */
export function peakMemory(): number {
  return process.resourceUsage().maxRSS * 1024
}

function processIo(): Map<string, number> {
  if (process.platform !== 'linux') return new Map()
  const lines = readFileSync('/proc/self/io', 'latin1').trim().split('\n')
  return new Map(lines.map(line => [line.slice(0, line.indexOf(':')), Number(line.slice(line.indexOf(':') + 1))]))
}
