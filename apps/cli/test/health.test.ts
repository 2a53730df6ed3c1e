/**
 * verify, repair and doctor, on databases that were damaged on purpose.
 */
import { execSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { PassThrough } from 'node:stream'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { run } from '../src/run.ts'
import { lsm, nextLine, startLsm, TemporaryDirectory, type Result } from './lsm.ts'

const directory = new TemporaryDirectory()
const WHOLE = directory.at('whole')
afterAll(() => directory[Symbol.dispose]())

beforeAll(async () => {
  let script = ''
  for (let i = 0; i < 600; i++) script += `put key-${i} ${`value ${i}`.repeat(9).replaceAll(' ', '-')}\n`
  script += 'flush\n'
  for (let i = 0; i < 50; i++) script += `put later-${i} ${i}\n`
  expect(await lsm([WHOLE], script)).toMatchObject({ code: 0, stderr: '' })
})

let copies = 0

/** A copy of the whole database, to be damaged. */
function copy(): string {
  const path = directory.at(`copy-${++copies}`)
  cpSync(WHOLE, path, { recursive: true })
  return path
}

/** The path of the only file with a name that ends, or begins, so. */
function fileOf(path: string, part: string): string {
  const names = readdirSync(path).filter(name => name.endsWith(part) || name.startsWith(part))
  expect(names).toHaveLength(1)
  return join(path, names[0])
}

function flip(file: string, at: number): void {
  const bytes = readFileSync(file)
  bytes[at] ^= 1
  writeFileSync(file, bytes)
}

/** Names and bytes of everything in a directory. */
function contents(path: string): Record<string, string> {
  const names = readdirSync(path, { recursive: true, withFileTypes: true })
  return Object.fromEntries(
    names.map(entry => {
      const file = join(entry.parentPath, entry.name)
      return [file, entry.isFile() ? readFileSync(file).toString('base64') : '']
    }),
  )
}

/** Who takes the lock writes into it who it is. */
function withoutLock(files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).filter(([file]) => !file.endsWith('LOCK')))
}

/** Runs a command, and expects that nothing has changed. */
async function untouched(path: string, ...args: string[]): Promise<Result> {
  const before = contents(path)
  const result = await lsm([path, ...args])
  expect(contents(path)).toEqual(before)
  expect(result.stderr).not.toContain('    at ')
  return result
}

describe('verify', () => {
  test('is content with what is whole', async () => {
    const result = await untouched(WHOLE, 'verify')
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout).toMatch(
      /^Read 1 table and 1 log, .*: 650 entries, 0 deletions among them\.\nAll is well\.\n$/,
    )
    const report = JSON.parse((await lsm([WHOLE, 'verify', '--json'])).stdout) as unknown
    expect(report).toMatchObject({ ok: true, entries: 650, problems: [] })
  })

  test('names file, offset, damage and effect', async () => {
    const db = copy()
    const table = fileOf(db, '.ldb')
    flip(table, 300)
    const result = await untouched(db, 'verify')
    expect(result.code).toBe(4)
    expect(result.stdout).toMatch(/^\d{6}\.ldb 0 block checksum does not match — the keys of this block cannot be read/)
    expect(result.stdout).toMatch(/\n1 problem\.\n$/)
  })

  test('tells what a crash tore from damage', async () => {
    const db = copy()
    const log = fileOf(db, '.log')
    rmSync(join(db, 'LSM-STATE'))
    truncateSync(log, readFileSync(log).length - 3)
    const torn = await untouched(db, 'verify')
    expect(torn.code).toBe(0)
    expect(torn.stdout).toMatch(/\.log \d+ .* bytes dropped — .*opening leaves it out\n/)
    flip(log, 20)
    expect((await untouched(db, 'verify')).stdout).toMatch(/\.log 0 .*records follow — the writes in it are lost/)
  })

  test.each([
    ['MANIFEST-', 4],
    ['CURRENT', 4],
    ['.ldb', 4],
  ])('without %s', async (part, code) => {
    const db = copy()
    rmSync(fileOf(db, part))
    expect(await untouched(db, 'verify')).toMatchObject({ code, stderr: '' })
  })

  test('of what is no database', async () => {
    const empty = directory.at('nothing-here')
    mkdirSync(empty)
    expect(await untouched(empty, 'verify')).toMatchObject({ code: 5, stdout: '' })
    expect(await lsm([directory.at('absent'), 'verify'])).toMatchObject({ code: 5, stdout: '' })
    expect(await lsm([join(WHOLE, 'CURRENT'), 'check'])).toMatchObject({ code: 5, stdout: '' })
  })
})

describe('repair', () => {
  test('saves what is whole beside the damaged one, and says what is lost and what to do', async () => {
    const db = copy()
    flip(fileOf(db, '.ldb'), 300)
    const before = withoutLock(contents(db))
    const result = await lsm([`${db}/`, 'repair'])
    expect(result).toMatchObject({ code: 4, stderr: '' })
    expect(result.stdout).toMatch(/\nLost:\n {2}\d{6}\.ldb 0 [\d,]+ bytes: block checksum does not match\n/)
    expect(result.stdout).toMatch(/\nAbout \d+ entries were lost\.\n/)
    expect(result.stdout).toContain(`  mv ${db} ${db}.damaged\n  mv ${db}.repaired ${db}\n`)
    expect(withoutLock(contents(db))).toEqual(before)
    expect(await lsm([`${db}.repaired`, 'verify'])).toMatchObject({ code: 0 })
    expect((await lsm([`${db}.repaired`, 'get', 'later-7'])).stdout).toBe('7\n')
    const lost = 650 - Number((await lsm([`${db}.repaired`, 'count'])).stdout)
    expect(result.stdout).toContain(`About ${lost} entries were lost.`)
  })

  test('of a database without CURRENT loses nothing, into the directory that was named', async () => {
    const db = copy()
    rmSync(join(db, 'CURRENT'))
    const target = directory.at('saved')
    const json = await lsm([db, 'repair', '--target', target, '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({ target, manifestRead: false, entries: 650 })
    expect((await lsm([target, 'count'])).stdout).toBe('650\n')
    const again = await lsm([db, 'repair', '--target', target])
    expect(again).toMatchObject({ code: 5, stdout: '' })
    expect(again.stderr).toContain('is not empty')
  })

  test('of what is whole loses nothing', async () => {
    const result = await lsm([copy(), 'repair'])
    expect(result.code).toBe(0)
    expect(result.stdout).toMatch(/^Read 650 entries of 2 files\.\nMade 1 table of 650 keys, .*\nNothing was lost\.\n/)
  })

  test('mistakes', async () => {
    expect(await lsm([directory.at('absent'), 'repair'])).toMatchObject({ code: 5, stdout: '' })
    expect(await lsm([WHOLE, 'repair', '--target', ''])).toMatchObject({ code: 2, stdout: '' })
    expect(await lsm([WHOLE], 'repair\n')).toMatchObject({ code: 2, stdout: '' })
  })
})

describe('doctor', () => {
  /** What the doctor says of a directory. */
  async function diagnosis(path: string): Promise<Diagnosis & { code: number }> {
    const result = await untouched(path, 'doctor', '--json')
    const found = JSON.parse(result.stdout) as Diagnosis & { code: number }
    expect(found.code).toBe(result.code)
    return found
  }

  interface Diagnosis {
    readonly findings: readonly { subject: string; state: string; text: string; advice?: string }[]
    readonly verdict: string
    readonly next: string
  }

  const bad = ({ findings }: Diagnosis): string[] =>
    findings.filter(({ state }) => state === 'bad').map(({ subject }) => subject)

  test('finds nothing wrong, and says what an open would replay', async () => {
    const { code, stdout } = await untouched(WHOLE, 'doctor')
    expect(code).toBe(0)
    expect(stdout).toContain('ok    open       it opens, and replays 50 entries in 50 batches of its logs')
    expect(stdout).toContain('650 entries, ')
    expect(stdout).toMatch(/\nIt is in order, and opens\.\nNext: lsm \S+whole stats\n$/)
    expect((await lsm([WHOLE, 'doctor', '--quick'])).stdout).not.toContain('contents')
  })

  test('a flipped bit in a table: it opens, and is damaged', async () => {
    const db = copy()
    flip(fileOf(db, '.ldb'), 300)
    const found = await diagnosis(db)
    expect(found).toMatchObject({ code: 4, next: `lsm ${db} repair` })
    expect(bad(found)).toEqual(['contents'])
    expect(found.verdict).toContain('It opens, but it is damaged')
  })

  test.each([
    ['CURRENT', ['CURRENT', 'open', 'contents']],
    ['MANIFEST-', ['MANIFEST', 'open', 'contents']],
    ['.ldb', ['tables', 'open', 'contents']],
    ['.log', ['logs', 'open', 'contents']],
  ])('without %s it does not open', async (part, subjects) => {
    const db = copy()
    rmSync(fileOf(db, part))
    const found = await diagnosis(db)
    expect(bad(found)).toEqual(subjects)
    expect(found).toMatchObject({ code: 4, next: `lsm ${db} repair` })
    expect(found.verdict).toContain('does not open')
  })

  test('a log that was cut: damage after an orderly close, else the trace of a crash', async () => {
    const db = copy()
    const log = fileOf(db, '.log')
    truncateSync(log, readFileSync(log).length - 3)
    expect(await diagnosis(db)).toMatchObject({ code: 4 })
    rmSync(join(db, 'LSM-STATE'))
    const found = await diagnosis(db)
    expect(found).toMatchObject({ code: 0 })
    expect(found.findings.find(({ state }) => state === 'note')?.text).toMatch(/it leaves out \d+ bytes of \d+\.log/)
  })

  test('a CURRENT that names nothing', async () => {
    const db = copy()
    writeFileSync(join(db, 'CURRENT'), 'MANIFEST\n')
    const found = await diagnosis(db)
    expect(bad(found)).toEqual(['CURRENT', 'open', 'contents'])
    // The advice is a command that mends it.
    const command = found.findings.find(({ subject }) => subject === 'CURRENT')?.advice?.replace(/^.*: /, '')
    execSync(command ?? '')
    expect(await diagnosis(db)).toMatchObject({ code: 0 })
    writeFileSync(join(db, 'CURRENT'), 'MANIFEST-000099\n')
    expect(bad(await diagnosis(db))[0]).toBe('MANIFEST')
  })

  test('who has it open', async () => {
    const db = copy()
    const holder = startLsm([db])
    holder.stdin.write('put a 1\nget a\n')
    expect(await nextLine(holder)).toBe('1')
    const found = await diagnosis(db)
    expect(found).toMatchObject({ code: 3, next: `lsm ${db} --read-only` })
    expect(found.findings.find(({ subject }) => subject === 'lock')?.text).toContain(`process ${holder.pid}`)
    expect(await lsm([db, 'repair'])).toMatchObject({ code: 3, stdout: '' })
    holder.stdin.end()
    await once(holder, 'close')
    expect(await diagnosis(db)).toMatchObject({ code: 0 })
  })

  test('a file, nothing, an empty directory, and one of something else', async () => {
    const file = await lsm([join(WHOLE, 'CURRENT'), 'doctor'])
    expect(file.code).toBe(5)
    expect(file.stdout).toContain(`Next: lsm ${WHOLE} doctor\n`)
    expect((await lsm([directory.at('absent'), 'doctor'])).stdout).toContain('There is nothing to open')
    const empty = directory.at('empty')
    mkdirSync(empty)
    expect(await diagnosis(empty)).toMatchObject({ code: 5, next: `lsm ${empty} put KEY VALUE` })
    const foreign = directory.at('foreign')
    mkdirSync(foreign)
    writeFileSync(join(foreign, 'letter.txt'), 'Dear Ada')
    expect(await diagnosis(foreign)).toMatchObject({ code: 5, verdict: 'This is no database.' })
    cpSync(WHOLE, join(foreign, 'inside it'), { recursive: true })
    expect(await diagnosis(foreign)).toMatchObject({ next: `lsm '${join(foreign, 'inside it')}' doctor` })
  })
})

test.each(['verify', 'repair', 'doctor'])('%s shows how far it is, and Ctrl-C ends it', async name => {
  const db = copy()
  const interrupt = new AbortController()
  const [stdin, stdout] = [new PassThrough(), new PassThrough()]
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 80 })
  const shown: string[] = []
  stderr.on('data', (chunk: Buffer) => {
    shown.push(chunk.toString())
    interrupt.abort()
  })
  const code = await run([db, name], { stdin, stdout, stderr, env: {}, interrupt: interrupt.signal })
  expect(code).toBe(130)
  expect(shown[0]).toMatch(/(?:verifying|repairing|reading): .* read, \S+$/)
  expect(readdirSync(directory.path).filter(each => each.startsWith(`${basename(db)}.`))).toHaveLength(
    name === 'repair' ? 1 : 0,
  )
  if (name === 'repair') expect(readdirSync(`${db}.repaired`).filter(each => each !== 'LOCK')).toEqual([])
})

test('a command that meets damage sends to the doctor', async () => {
  const db = copy()
  rmSync(join(db, 'CURRENT'))
  const { code, stderr } = await lsm([db, 'get', 'key-1'])
  expect(code).toBe(4)
  expect(stderr).toMatch(/"doctor" says more, and what to do\.\n$/)
})
