import { existsSync, readdirSync, writeFileSync } from 'node:fs'

import { Random } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { lsm, TemporaryDirectory } from './lsm.ts'

/** Runs a script on a database, and expects it to succeed. */
async function fill(db: string, script: string): Promise<void> {
  expect(await lsm([db], script)).toMatchObject({ code: 0, stderr: '' })
}

describe('single commands', () => {
  test('put, get, has, delete', async () => {
    using directory = new TemporaryDirectory()
    const db = directory.at('db')
    expect(await lsm([db, 'put', 'k', 'hello'])).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect(await lsm([db, 'GET', 'k'])).toMatchObject({ code: 0, stdout: 'hello\n', stderr: '' })
    expect(await lsm(['get', 'k', '--raw', '--db', db])).toMatchObject({ code: 0, stdout: 'hello' })
    expect(await lsm(['has', 'k'], '', { LSM_DB: db })).toMatchObject({ code: 0, stdout: 'true\n' })
    expect(await lsm([db, 'del', 'k', 'other', '--sync'])).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect(await lsm([db, 'get', 'k'])).toMatchObject({ code: 1, stdout: '', stderr: '(not found)\n' })
    expect(await lsm([db, 'has', 'k'])).toMatchObject({ code: 1, stdout: 'false\n', stderr: '' })
  })

  test('put - stores standard input byte for byte', async () => {
    using directory = new TemporaryDirectory()
    const db = directory.at('db')
    const bytes = new Random(5).bytes(100_000)
    expect(await lsm([db, 'put', 'k', '-'], bytes)).toMatchObject({ code: 0 })
    expect((await lsm([db, 'get', '--raw', 'k'])).bytes.equals(bytes)).toBe(true)
  })

  test('hexadecimal, base64 and JSON', async () => {
    using directory = new TemporaryDirectory()
    const db = directory.at('db')
    await fill(
      db,
      `put --hex 00ff 0xfe
       put --base64 AAE= //4
       put --json j '{ "a" : 1.0, "b c": "x  \\" y" }'
       put --value-hex text 00`,
    )
    const { stdout } = await lsm([db, 'scan'])
    const lines = ['\\x00\\x01\t\\xff\\xfe', '\\x00\\xff\t\\xfe', 'j\t{"a":1.0,"b c":"x  \\\\" y"}', 'text\t\\x00']
    expect(stdout.split('\n')).toEqual([...lines, ''])
    expect((await lsm([db, 'get', 'j'])).stdout).toBe('{"a":1.0,"b c":"x  \\" y"}\n')
    expect((await lsm([db, 'scan', '--hex', '--prefix', '00'])).stdout).toBe('0001\tfffe\n00ff\tfe\n')
    expect((await lsm([db, 'get', '--base64', 'AP8'])).stdout).toBe('/g==\n')
    expect(await lsm([db, 'put', '--json', 'k', '{'])).toMatchObject({ code: 2 })
    expect(await lsm([db, 'put', '--hex', 'k', '00'])).toMatchObject({
      code: 2,
      stderr: 'lsm: the key must be hexadecimal, two digits for each byte\n',
    })
  })

  test('ranges', async () => {
    using directory = new TemporaryDirectory()
    const db = directory.at('db')
    await fill(db, 'put a 1\nput b 2\nput ba 3\nput bb 4\nput c 5\n')
    const scan = async (...args: string[]): Promise<string> =>
      (await lsm([db, 'keys', ...args])).stdout.replaceAll('\n', ' ').trim()
    expect(await scan()).toBe('a b ba bb c')
    expect(await scan('--gte', 'b', '--lt', 'c')).toBe('b ba bb')
    expect(await scan('--gt', 'b', '--lte', 'c', '--reverse')).toBe('c bb ba')
    expect(await scan('--prefix', 'b', '--limit', '2')).toBe('b ba')
    expect(await scan('--prefix', 'b', '--gt', 'b', '--lte', 'zz')).toBe('ba bb')
    expect((await lsm([db, 'values', '--reverse', '--limit=2'])).stdout).toBe('5\n4\n')
    expect((await lsm([db, 'count', '--prefix', 'b'])).stdout).toBe('3\n')
    expect(await lsm([db, 'mget', 'c', 'x', 'a'])).toMatchObject({
      code: 1,
      stdout: 'c\t5\na\t1\n',
      stderr: '(not found): 1 of 3\n',
    })
    expect(await lsm([db, 'scan', '--limit', 'x'])).toMatchObject({ code: 2 })
  })

  test('flush, stats, recovery', async () => {
    using directory = new TemporaryDirectory()
    const db = directory.at('db')
    await fill(db, 'put a 1\nflush\nput b 2\n')
    const stats = JSON.parse((await lsm([db, 'stats'])).stdout) as { levels: unknown[]; memtables: { entries: number } }
    expect(stats.levels).toHaveLength(1)
    expect(stats.memtables.entries).toBe(1)
    const { stdout } = await lsm([db, 'recovery'])
    expect(stdout).toMatch(/^Read MANIFEST-\d+: \d edits?\.\n/)
    expect(stdout).toMatch(/1 entry in 1 batch\.\nThe newest write is number 2\.\nNothing was lost\.\n$/)
    expect(JSON.parse((await lsm([db, 'recovery', '--json'])).stdout)).toMatchObject({ created: false, dropped: [] })
  })

  test('compact, a range or everything', async () => {
    using directory = new TemporaryDirectory()
    const db = directory.at('db')
    const paused = ['--strategy', 'tiered']
    for (const round of [1, 2, 3]) {
      const script = `put a ${round}\nput b ${round}\ndel c\nput d${round} x\nflush\n`
      expect(await lsm([db, ...paused], script)).toMatchObject({ code: 0, stderr: '' })
    }
    const levels = async (): Promise<{ tables: number }[]> =>
      (JSON.parse((await lsm([db, 'stats'])).stdout) as { levels: { tables: number }[] }).levels
    expect((await levels())[0].tables).toBe(3)
    const none = await lsm([db, 'compact', '--gt', 'x', ...paused])
    expect(none).toMatchObject({ code: 0, stdout: '' })
    expect(none.stderr).toMatch(/ in 3 tables → .* in 3 tables; 0 steps, 0 bytes read, 0 bytes written, \d\.\d s\n$/)
    const all = await lsm([db, 'compact', '--prefix', 'a', ...paused])
    expect(all.stderr).toMatch(/ in 3 tables → \d+ bytes in 1 table; 1 step, .* read, .* written, \d\.\d s\n$/)
    expect((await lsm([db, 'scan'])).stdout).toBe('a\t3\nb\t3\nd1\tx\nd2\tx\nd3\tx\n')
    expect(await lsm([db, 'compact', '--prefix', 'd'])).toMatchObject({ code: 0 })
    expect(await levels()).toMatchObject([{ tables: 1 }])
    expect(await lsm([db, '--read-only', 'compact'])).toMatchObject({ code: 5 })
  })

  test('fifo keeps the latest, but only within a limit that was named', async () => {
    using directory = new TemporaryDirectory()
    const db = directory.at('db')
    const refused = await lsm([db, 'put', 'a', '1', '--strategy', 'fifo'])
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toContain('--fifo-max')
    expect(existsSync(db)).toBe(false)
    const fifo = ['--strategy', 'fifo', '--fifo-max', '1', '--workers', '0']
    expect(await lsm([db, ...fifo], 'put a 1\nflush\nput b 2\nflush\nput c 3\n')).toMatchObject({ code: 0 })
    // Reading takes no notice of the strategy.
    expect((await lsm([db, 'get', 'c', '--strategy', 'fifo'])).stdout).toBe('3\n')
  })

  test('destroy says what it would do, and does it with --yes', async () => {
    using directory = new TemporaryDirectory()
    const db = directory.at('db')
    await fill(db, 'put a 1')
    expect((await lsm([db, 'destroy'])).stderr).toMatch(/^this would remove the database in .*add --yes to do it\n$/)
    expect(existsSync(db)).toBe(true)
    expect(await lsm([db, 'destroy', '--yes'])).toMatchObject({ code: 0 })
    expect(existsSync(db)).toBe(false)
    expect(await lsm([directory.path, 'destroy', '--yes'])).toMatchObject({ code: 5 })
  })

  test('help and version', async () => {
    const help = await lsm(['--help'])
    expect(help).toMatchObject({ code: 0, stderr: '' })
    for (const name of ['get <key>', 'scan', 'batch', 'destroy', 'Exit codes']) expect(help.stdout).toContain(name)
    expect((await lsm(['somewhere', '--help'])).stdout).toBe(help.stdout)
    const one = await lsm(['help', 'scan'])
    expect(one.stdout).toContain('--prefix <key>')
    expect((await lsm(['scan', '--help'])).stdout).toBe(one.stdout)
    expect((await lsm(['--version'])).stdout).toMatch(/^lsm \S+ \(engine @lsm\/db \S+, Node v\S+\)\n$/)
  })
})

describe('bench', () => {
  test('prints a line as db_bench does for each workload, in its own order, and leaves nothing behind', async () => {
    using directory = new TemporaryDirectory()
    const workloads = ['deleterandom', 'fillseq', 'readmissing', 'readrandom', 'readreverse', 'seekrandom', 'fillsync']
    const { code, stdout } = await lsm(['bench', ...workloads, '--num', '1500', '--dir', directory.path])
    expect(code).toBe(0)
    const names = ['fillseq', 'fillsync', 'readreverse', 'readrandom', 'readmissing', 'seekrandom', 'deleterandom']
    const lines = stdout.trimEnd().split('\n')
    expect(lines.map(line => line.split(' ')[0])).toEqual(names)
    for (const line of lines) expect(line).toMatch(/^\w+ +: +\d+\.\d{3} micros\/op;(?: +\d+\.\d MB\/s)?$/)
    expect(readdirSync(directory.path)).toEqual([])
  })

  test('gives a line of JSON for each workload', async () => {
    const { stdout } = await lsm(['bench', 'overwrite', '--num', '300', '--value-bytes', '10', '--ndjson'])
    expect(JSON.parse(stdout)).toMatchObject({ workload: 'overwrite', operations: 300, bytes: 300 * 26 })
  })
})

describe('simulate', () => {
  const small = ['--size', '20MB', '--write-buffer', '100kB', '--base-level', '400kB', '--table-size', '50kB']

  test('gives a line of JSON for each sample, or a document', async () => {
    const result = await lsm(['simulate', ...small, '--updates', '0.5', '--samples', '4'])
    expect(result).toMatchObject({ code: 0, stderr: '' })
    const samples = result.stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Record<string, number>)
    expect(samples.map(({ userBytes }) => userBytes)).toEqual([5e6, 10e6, 15e6, 20e6])
    expect(samples[3]['writeAmplification']).toBeGreaterThan(2)
    expect(samples[3]['jobs']).toBeGreaterThan(samples[2]['jobs'])
    const json = await lsm(['simulate', ...small, '--updates', '0.5', '--samples', '4', '--json'])
    const document = JSON.parse(json.stdout) as Record<string, unknown>
    expect(document['samples']).toEqual(samples)
    expect(document).toMatchObject({ strategy: { name: 'leveled', levelMultiplier: 10 }, workload: { seed: 1 } })
  })

  test('in a script, and with the strategy of the program', async () => {
    using directory = new TemporaryDirectory()
    const db = directory.at('db')
    const script = 'simulate --size 1MB --write-buffer 100kB --json\n'
    const { code, stdout } = await lsm([db, '--strategy', 'tiered'], script)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ strategy: { name: 'tiered', minRuns: 4 } })
    expect(existsSync(db)).toBe(false)
  })

  test('has no options about a database', async () => {
    expect(await lsm(['simulate', '--db', 'x'])).toMatchObject({ code: 2 })
    const { stdout } = await lsm(['simulate', '--help'])
    expect(stdout).toContain('Usage: lsm simulate [options]')
    expect(stdout).not.toContain('--read-only')
  })
})

describe('mistakes', () => {
  test.each([
    [['db', 'gett', 'k'], 2, "'gett' is no command; did you mean 'get'?"],
    [['db', 'get'], 2, 'missing required argument \'key\'; see "lsm help get"'],
    [['db', 'get', 'a', 'b'], 2, 'too many arguments'],
    [['db', 'get', 'a', '--foo'], 2, "unknown option '--foo'"],
    [['db', 'scan', '--keys', '--values'], 2, '--keys and --values exclude each other'],
    [['db', 'exit'], 2, "'exit' is a command for the prompt and the script only"],
    [['db', 'put', 'a', 'b', '--strategy', 'lsm'], 2, '--strategy must be leveled, tiered or fifo'],
    [['--workers', '65', 'db', 'get', 'a'], 2, '--workers must be a whole number from 0 to 64'],
    [['bench', 'readsequential'], 2, 'there is no workload readsequential; there are fillseq, '],
    [['bench', '--num', '0'], 2, '--num must be a whole number of at least 1'],
    [['simulate', '--updates', '1'], 2, 'nothing would be there to update or delete'],
    [['/nonexistent/db', 'compact'], 5, 'there is no database in /nonexistent/db'],
    [['/nonexistent/db', 'get', 'k'], 5, 'there is no database in /nonexistent/db; "put" and "batch" create one'],
    [['/nonexistent/db', 'delete', 'k'], 5, 'there is no database in /nonexistent/db'],
    [['/nonexistent/db', '--read-only', 'put', 'k', 'v'], 5, 'this command writes, and --read-only was given'],
  ])('%j ends with %i', async (args, code, message) => {
    const result = await lsm(args)
    expect(result).toMatchObject({ code, stdout: '' })
    expect(result.stderr).toContain(`lsm: ${message}`)
    expect(result.stderr.trim().split('\n')).toHaveLength(1)
  })

  test('reading does not create a database, --create does', async () => {
    using directory = new TemporaryDirectory()
    const db = directory.at('db')
    expect(await lsm([db, 'scan'])).toMatchObject({ code: 5 })
    expect(await lsm([db], 'get k\n')).toMatchObject({ code: 5 })
    expect(existsSync(db)).toBe(false)
    expect(await lsm([db, '--create', 'count'])).toMatchObject({ code: 0, stdout: '0\n' })
  })

  test('a damaged database ends with 4', async () => {
    using directory = new TemporaryDirectory()
    const db = directory.at('db')
    await fill(db, 'put a 1\nflush\n')
    const table = readdirSync(db).find(name => name.endsWith('.ldb')) as string
    writeFileSync(`${db}/${table}`, '')
    const result = await lsm([db, 'get', 'a'])
    expect(result).toMatchObject({ code: 4, stdout: '' })
    expect(result.stderr).toContain(table)
    expect((await lsm([db, 'get', 'a'], '', { LSM_DEBUG: '1' })).stderr).toContain('    at ')
  })
})

describe('scripts', () => {
  test('stop at the first failing command, with its line and exit code', async () => {
    using directory = new TemporaryDirectory()
    const db = directory.at('db')
    const script = '# fruit\nput a 1; # not a separator\nput a "1\nput b 2\n'
    expect(await lsm([db], 'put a 1\nget a\nput "b\nput c 3\n')).toMatchObject({
      code: 2,
      stdout: '1\n',
      stderr: 'lsm: line 3: a double quote (") is not closed\n',
    })
    expect(await lsm([db, 'has', 'c'])).toMatchObject({ code: 1 })
    expect(await lsm([db, '--keep-going'], `${script}\nget b\nQUIT\nget a`)).toMatchObject({ code: 2, stdout: '2\n' })
  })

  test('go on after a key that is not there, and tell at the end', async () => {
    using directory = new TemporaryDirectory()
    const db = directory.at('db')
    expect(await lsm([db], 'put a 1\nget x\n\nget a\r\n')).toMatchObject({
      code: 1,
      stdout: '1\n',
      stderr: '(not found)\n',
    })
    expect(await lsm([db], 'put k -\n')).toMatchObject({ code: 2 })
  })
})

describe('NDJSON', () => {
  test('scan --ndjson into batch copies a database with keys and values of any bytes', async () => {
    using directory = new TemporaryDirectory()
    const random = new Random(11)
    const seed = Array.from({ length: 2000 }, () => {
      const part = (name: string): string =>
        random.oneIn(2)
          ? `"${name}_hex":"${Buffer.from(random.bytes(random.below(20))).toString('hex')}"`
          : `"${name}":${JSON.stringify(String.fromCodePoint(...random.bytes(random.below(9)), 0x2028, 0x1f600))}`
      return `{${part('key')},${part('value')}}\n`
    })
    const [a, b] = [directory.at('a'), directory.at('b')]
    expect(await lsm([a, 'batch', '--chunk', '300'], seed.join(''))).toMatchObject({
      code: 0,
      stderr: '2000 operations\n',
    })
    const dump = await lsm([a, 'scan', '--ndjson'])
    expect(dump.stdout.split('\n').length).toBeGreaterThan(1500)
    expect(await lsm([b, 'batch'], dump.stdout)).toMatchObject({ code: 0 })
    expect((await lsm([b, 'scan', '--hex'])).stdout).toBe((await lsm([a, 'scan', '--hex'])).stdout)
  })

  test('errors name the line, and what was applied before it', async () => {
    using directory = new TemporaryDirectory()
    const db = directory.at('db')
    const bad = '{"key":"a","value":"1"}\n{"type":"del","key":"b"}\n{"key":"c"}\n'
    expect((await lsm([db, 'batch'], bad)).stderr).toMatch(/^lsm: line 3: "value" is missing.*; nothing was applied\n$/)
    expect(existsSync(db)).toBe(false)
    const result = await lsm([db, 'batch', '--chunk', '2'], bad)
    expect(result.code).toBe(2)
    expect(result.stderr).toContain('2 operations before it were applied')
    const file = directory.at('good.ndjson')
    writeFileSync(file, '{"type":"put","key":"x","value":"1"}\n\n{"key":"y","value_base64":"AA=="}')
    expect(await lsm([db, 'batch', '--atomic', '--file', file])).toMatchObject({ code: 0, stderr: '2 operations\n' })
    expect((await lsm([db, 'scan'])).stdout).toBe('a\t1\nx\t1\ny\t\\x00\n')
    expect(await lsm([db, 'batch', '--file', directory.at('none')])).toMatchObject({ code: 5 })
  })
})
