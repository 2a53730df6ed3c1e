/**
 * Directories written by other software, and what is in them.
 *
 * Each is a gzipped tar of one folder, beside a gzipped dump: one line of JSON per entry, in key order, with key and value
 * in hex; of a long value its length and SHA-256 instead.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

/** One directory. */
export interface Fixture {
  readonly id: string
  /** What wrote it. */
  readonly producer: string
  readonly comparator: string
  readonly entries: number
  readonly note: string
}

/** One line of a dump. */
interface DumpLine {
  readonly k: string
  readonly v?: string
  readonly vlen?: number
  readonly vsha256?: string
}

const testdata = fileURLToPath(new URL('../testdata', import.meta.url))

/** All directories. */
export const fixtures: readonly Fixture[] = JSON.parse(
  readFileSync(join(testdata, 'databases.json'), 'utf8'),
) as Fixture[]

/** Unpacks a directory below `folder`; gives its path. */
export function unpack(id: string, folder: string): string {
  const tar = gunzipSync(readFileSync(join(testdata, `${id}.tar.gz`)))
  for (let at = 0; at < tar.length && tar[at] !== 0;) {
    const name = text(tar, at, 100)
    const size = Number.parseInt(text(tar, at + 124, 12), 8)
    const path = join(folder, name)
    if (tar[at + 156] === 0x35) mkdirSync(path, { recursive: true })
    else writeFileSync(path, tar.subarray(at + 512, at + 512 + size))
    at += 512 + Math.ceil(size / 512) * 512
  }
  return join(folder, id)
}

/** What is in a directory, one text per entry as {@link summary} makes it. */
export function expected(id: string): string[] {
  const lines = gunzipSync(readFileSync(join(testdata, `${id}.expected.jsonl.gz`)))
    .toString()
    .split('\n')
    .filter(line => line !== '')
  return lines.map(line => {
    const { k, v, vlen, vsha256 } = JSON.parse(line) as DumpLine
    return v === undefined ? `${k} ${vlen} ${vsha256}` : `${k} ${v}`
  })
}

/** One entry as text that can be compared with {@link expected}. */
export function summary(key: Uint8Array, value: Uint8Array): string {
  const k = Buffer.from(key).toString('hex')
  if (value.length <= 1024) return `${k} ${Buffer.from(value).toString('hex')}`
  return `${k} ${value.length} ${createHash('sha256').update(value).digest('hex')}`
}

function text(bytes: Uint8Array, start: number, length: number): string {
  const end = bytes.indexOf(0, start)
  return Buffer.from(bytes.subarray(start, Math.min(end, start + length))).toString('latin1')
}
