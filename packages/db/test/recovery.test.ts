/**
 * What is left after a crash, and what is refused because no crash can have left it.
 */
import { crc32c } from '@lsm/base'
import { CrashableFileSystem } from '@lsm/fs/testing'
import { Database, type LsmError } from '@lsm/db'
import { MemoryFileSystem } from '@lsm/fs'
import { describe, expect, test } from 'vitest'

/** Opening is done hundreds of times here. */
const SMALL = { writeBufferSize: 64 * 1024, cacheSize: 0 }

/**
 * A database of `count` single writes that exists only in its log, and the log's name. Without the note of its orderly
 * close, it is as after a crash.
 */
async function logOnly(count: number, end = 'crash'): Promise<{ fileSystem: MemoryFileSystem; log: string }> {
  const fileSystem = new MemoryFileSystem()
  const db = await Database.open('/db', { fileSystem, ...SMALL })
  for (let i = 0; i < count; i++) await db.put(`k${i}`, `value ${i}`)
  await db.close()
  if (end === 'crash') await (await fileSystem.openDirectory('/db', false)).removeFile('LSM-STATE')
  const names = (await (await fileSystem.openDirectory('/db', false)).list()).map(({ name }) => name)
  return { fileSystem, log: names.find(name => name.endsWith('.log'))! }
}

/** A line with its right checksum, as LSM-STATE has it. */
function checksummed(text: string): Uint8Array {
  const line = new TextEncoder().encode(`${text}\n`)
  return new TextEncoder().encode(`${text}\n${crc32c(line, 0, line.length).toString(16).padStart(8, '0')}\n`)
}

async function read(fileSystem: MemoryFileSystem, name: string): Promise<Uint8Array> {
  const file = await (await fileSystem.openDirectory('/db', false)).openFile(name)
  const bytes = new Uint8Array(file.size)
  await file.read(0, bytes, 0, bytes.length)
  return bytes
}

async function write(fileSystem: MemoryFileSystem, name: string, bytes: Uint8Array): Promise<void> {
  const file = await (await fileSystem.openDirectory('/db', false)).createFile(name)
  file.append(bytes, 0, bytes.length)
  await file.close()
}

describe('a log cut short', () => {
  test('anywhere gives a prefix of the writes, a report, and a database that goes on', async () => {
    const { fileSystem: whole, log } = await logOnly(12)
    const bytes = await read(whole, log)
    for (let length = 0; length < bytes.length; length++) {
      const { fileSystem } = await logOnly(12)
      await write(fileSystem, log, bytes.subarray(0, length))
      const db = await Database.open('/db', { fileSystem, ...SMALL })
      const keys = await db.keys().all()
      expect(keys.length).toBeLessThan(12)
      for (let i = 0; i < keys.length; i++) expect(await db.get(`k${i}`)).toBe(`value ${i}`)
      const { dropped, batches, entries } = db.recovery
      expect([batches, entries]).toEqual([keys.length, keys.length])
      const validEnd = dropped[0]?.offset ?? length
      expect(dropped.reduce((sum, { bytes }) => sum + bytes, validEnd)).toBe(length)
      await db.put('after', 'the crash')
      await db.close()
      await using again = await Database.open('/db', { fileSystem, ...SMALL })
      expect(again.recovery.dropped).toEqual([])
      expect((await again.keys().all()).length).toBe(keys.length + 1)
    }
  })

  test('a flipped byte in the middle gives what was before it, and says that more lies behind', async () => {
    const { fileSystem, log } = await logOnly(1000)
    const bytes = await read(fileSystem, log)
    bytes[5000] ^= 1
    await write(fileSystem, log, bytes)
    await using db = await Database.open('/db', { fileSystem })
    const count = (await db.keys().all()).length
    expect(count).toBeGreaterThan(50)
    expect(count).toBeLessThan(1000)
    expect(await db.get(`k${count - 1}`)).toBe(`value ${count - 1}`)
    expect(db.recovery.holes).toBe(true)
    expect(db.recovery.dropped[0].file).toBe(log)
  })

  test('a tail of zeros is no damage', async () => {
    const { fileSystem, log } = await logOnly(5)
    const bytes = await read(fileSystem, log)
    const padded = new Uint8Array(bytes.length + 100_000)
    padded.set(bytes)
    await write(fileSystem, log, padded)
    await using db = await Database.open('/db', { fileSystem })
    expect(db.recovery.dropped).toEqual([])
    expect((await db.keys().all()).length).toBe(5)
  })
})

test('what the disk shows of an earlier log at the head of a new one is no write', async () => {
  const fileSystem = new MemoryFileSystem()
  const db = await Database.open('/db', { fileSystem, ...SMALL })
  await db.put('k', 'deleted since')
  const log = async (): Promise<string> =>
    (await (await fileSystem.openDirectory('/db', false)).list()).find(({ name }) => name.endsWith('.log'))!.name
  const earlier = await read(fileSystem, await log())
  await db.del('k')
  await db.flush()
  await db.compactRange()
  await db.put('in the log', 'unsynced')
  await db.close()
  await (await fileSystem.openDirectory('/db', false)).removeFile('LSM-STATE')
  await write(fileSystem, await log(), earlier)
  await using again = await Database.open('/db', { fileSystem, ...SMALL })
  expect(await again.keys().all()).toEqual([])
  expect(again.recovery.dropped).toMatchObject([{ offset: 0 }])
})

describe('what no crash leaves behind is refused, and nothing is changed', () => {
  const refusal = async (fileSystem: MemoryFileSystem): Promise<LsmError> => {
    const names = async (): Promise<string[]> =>
      (await (await fileSystem.openDirectory('/db', false)).list()).map(({ name, size }) => `${name} ${size}`).sort()
    const before = await names()
    const error = await Database.open('/db', { fileSystem }).then(
      () => new Error('it opened'),
      (error: unknown) => error as LsmError,
    )
    expect((await names()).filter(name => !name.startsWith('LOCK'))).toEqual(
      before.filter(name => !name.startsWith('LOCK')),
    )
    return error as LsmError
  }

  async function withTables(): Promise<{ fileSystem: MemoryFileSystem; names: string[] }> {
    const fileSystem = new MemoryFileSystem()
    const db = await Database.open('/db', { fileSystem, writeBufferSize: 8192 })
    for (let i = 0; i < 500; i++) await db.put(`k${i}`, `value ${i}`)
    await db.flush()
    await db.put('in the log', 'yes')
    await db.close()
    await (await fileSystem.openDirectory('/db', false)).removeFile('LSM-STATE')
    const names = (await (await fileSystem.openDirectory('/db', false)).list()).map(({ name }) => name).sort()
    return { fileSystem, names }
  }

  test.each<[string, RegExp, (bytes: Uint8Array) => Uint8Array | undefined]>([
    ['a missing table', /\.ldb$/, () => undefined],
    ['a table cut short', /\.ldb$/, bytes => bytes.subarray(0, -1)],
    ['a missing log', /\.log$/, () => undefined],
    ['a missing CURRENT', /^CURRENT$/, () => undefined],
    ['an empty CURRENT', /^CURRENT$/, () => new Uint8Array(0)],
    ['a CURRENT without its newline', /^CURRENT$/, bytes => bytes.subarray(0, -1)],
    ['a CURRENT that leads elsewhere', /^CURRENT$/, () => new TextEncoder().encode('MANIFEST-000099\n')],
    ['a missing MANIFEST', /^MANIFEST/, () => undefined],
    ['an empty MANIFEST', /^MANIFEST/, () => new Uint8Array(0)],
    ['a flipped byte in the MANIFEST', /^MANIFEST/, bytes => bytes.map((byte, i) => (i === 20 ? byte ^ 1 : byte))],
  ])('%s', async (_, pattern, damage) => {
    const { fileSystem, names } = await withTables()
    const name = names.find(name => pattern.test(name))!
    const damaged = damage(await read(fileSystem, name))
    if (damaged === undefined) await (await fileSystem.openDirectory('/db', false)).removeFile(name)
    else await write(fileSystem, name, damaged)
    expect(await refusal(fileSystem)).toMatchObject({ code: 'LSM_CORRUPTION' })
  })

  test('damage in a log that is not the newest, and a log that is there twice', async () => {
    for (const damage of [10, undefined]) {
      const { fileSystem, log } = await logOnly(50)
      const bytes = await read(fileSystem, log)
      await write(fileSystem, '000090.log', bytes)
      if (damage !== undefined)
        await write(
          fileSystem,
          log,
          bytes.map((byte, i) => (i === damage ? byte ^ 1 : byte)),
        )
      expect(await refusal(fileSystem)).toMatchObject({ code: 'LSM_CORRUPTION' })
    }
  })
})

describe('the log that the MANIFEST names is missing', () => {
  const withoutLog = async (count: number): Promise<{ fileSystem: MemoryFileSystem; log: string }> => {
    const made = await logOnly(count)
    await (await made.fileSystem.openDirectory('/db', false)).removeFile(made.log)
    return made
  }

  test('even an empty one, and verify says so', async () => {
    for (const count of [0, 7]) {
      const { fileSystem, log } = await withoutLog(count)
      const refused = { code: 'LSM_CORRUPTION', file: log }
      await expect(Database.open('/db', { fileSystem })).rejects.toMatchObject(refused)
      await expect(Database.open('/db', { fileSystem, readOnly: true })).rejects.toMatchObject(refused)
      const { ok, problems } = await Database.verify('/db', { fileSystem })
      expect([ok, problems.map(({ file }) => file)]).toEqual([false, [log]])
    }
  })

  test("'salvage' opens without it, and says that it was there", async () => {
    const { fileSystem, log } = await withoutLog(7)
    {
      await using db = await Database.open('/db', { fileSystem, recovery: 'salvage' })
      expect(await db.keys().all()).toEqual([])
      expect(db.recovery.dropped).toMatchObject([{ file: log, bytes: 0 }])
    }
    await using again = await Database.open('/db', { fileSystem })
    expect(again.recovery.dropped).toEqual([])
  })
})

test('logs of earlier sessions were synced: what is missing of them is refused, though the newest log is empty', async () => {
  const { fileSystem, log } = await logOnly(7)
  await (await Database.open('/db', { fileSystem, ...SMALL })).close()
  await (await fileSystem.openDirectory('/db', false)).removeFile('LSM-STATE')
  const bytes = await read(fileSystem, log)
  for (const length of [0, 10, bytes.length - 40, bytes.length - 1]) {
    await write(fileSystem, log, bytes.subarray(0, length))
    await expect(Database.open('/db', { fileSystem, ...SMALL })).rejects.toMatchObject({
      code: 'LSM_CORRUPTION',
      file: log,
    })
    expect((await Database.verify('/db', { fileSystem })).ok).toBe(false)
  }
  await write(fileSystem, log, bytes)
  await using db = await Database.open('/db', { fileSystem, ...SMALL })
  expect((await db.keys().all()).length).toBe(7)
})

test('a gap between two logs is refused', async () => {
  const { fileSystem } = await logOnly(3)
  const other = await logOnly(9)
  const bytes = await read(other.fileSystem, other.log)
  await write(fileSystem, '000090.log', bytes.subarray(4 * (bytes.length / 9)))
  const refused = { code: 'LSM_CORRUPTION', file: '000090.log', message: expect.stringContaining('5 follows 3') }
  await expect(Database.open('/db', { fileSystem, ...SMALL })).rejects.toMatchObject(refused)
  await write(fileSystem, '000090.log', bytes.subarray(3 * (bytes.length / 9)))
  await using db = await Database.open('/db', { fileSystem, ...SMALL })
  expect((await db.keys().all()).length).toBe(9)
})

test('logs that begin later than the tables end are refused', async () => {
  const { fileSystem, log } = await logOnly(3)
  const other = await logOnly(9)
  const bytes = await read(other.fileSystem, other.log)
  await write(fileSystem, log, new Uint8Array(0))
  await write(fileSystem, '000090.log', bytes.subarray(3 * (bytes.length / 9)))
  await expect(Database.open('/db', { fileSystem, ...SMALL })).rejects.toMatchObject({
    code: 'LSM_CORRUPTION',
    file: '000090.log',
  })
})

describe('after an orderly close nothing is forgiven', () => {
  const reopen = async (fileSystem: MemoryFileSystem): Promise<string[]> => {
    await using db = await Database.open('/db', { fileSystem, ...SMALL })
    return await db.keys().all()
  }

  test('no length of the log but its own, and no flipped or zeroed byte in it', async () => {
    const { fileSystem: whole, log } = await logOnly(6, 'close')
    const bytes = await read(whole, log)
    const flipped = (at: number): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 4 : byte))
    for (let at = 0; at < bytes.length; at++) {
      for (const damaged of [bytes.subarray(0, at), flipped(at), bytes.map((byte, i) => (i >= at ? 0 : byte))]) {
        const { fileSystem } = await logOnly(6, 'close')
        await write(fileSystem, log, damaged)
        await expect(reopen(fileSystem), `byte ${at}`).rejects.toMatchObject({ code: 'LSM_CORRUPTION' })
        expect(await read(fileSystem, log)).toEqual(damaged)
      }
    }
  })

  test('no missing log, and no torn MANIFEST', async () => {
    const { fileSystem, log } = await logOnly(6, 'close')
    await (await fileSystem.openDirectory('/db', false)).removeFile(log)
    await expect(reopen(fileSystem)).rejects.toMatchObject({ code: 'LSM_CORRUPTION', file: log })
    const { fileSystem: other } = await logOnly(6, 'close')
    const names = (await (await other.openDirectory('/db', false)).list()).map(({ name }) => name)
    const manifest = names.find(name => name.startsWith('MANIFEST'))!
    const bytes = await read(other, manifest)
    await write(other, manifest, bytes.subarray(0, -1))
    await expect(reopen(other)).rejects.toMatchObject({ code: 'LSM_CORRUPTION' })
  })

  test('not even in a record that holds nothing', async () => {
    const fileSystem = new MemoryFileSystem()
    const db = await Database.open('/db', { fileSystem, ...SMALL })
    await db.put('k', 'v')
    await db.batch([], { sync: true })
    await db.close()
    const log = (await (await fileSystem.openDirectory('/db', false)).list()).find(({ name }) =>
      name.endsWith('.log'),
    )!.name
    const bytes = await read(fileSystem, log)
    bytes[bytes.length - 1] ^= 1
    await write(fileSystem, log, bytes)
    await expect(reopen(fileSystem)).rejects.toMatchObject({ code: 'LSM_CORRUPTION', file: log })
    await (await fileSystem.openDirectory('/db', false)).removeFile('LSM-STATE')
    expect(await reopen(fileSystem)).toEqual(['k'])
  })

  test.each<[string, (state: Uint8Array) => Uint8Array]>([
    ['torn', state => state.subarray(0, state.length >> 1)],
    ['damaged', state => state.map((byte, i) => (i === 20 ? byte ^ 1 : byte))],
    ['empty', () => new Uint8Array(0)],
    ['huge', () => new Uint8Array(1 << 20)],
    ['no JSON', () => checksummed('{')],
    ['null', () => checksummed('null')],
    ['of another shape', () => checksummed('{"manifest":7,"logs":[null]}')],
    [
      'without sizes',
      () => checksummed('{"manifest":"MANIFEST-000003","manifestSize":1,"lastSequence":1,"logs":[{}]}'),
    ],
  ])('but a note of it that is %s says nothing', async (_, damage) => {
    const { fileSystem, log } = await logOnly(6, 'close')
    await write(fileSystem, log, (await read(fileSystem, log)).subarray(0, -1))
    await write(fileSystem, 'LSM-STATE', damage(await read(fileSystem, 'LSM-STATE')))
    expect((await reopen(fileSystem)).length).toBe(5)
  })

  test('but a note whose checksum is another does not refuse a sound database', async () => {
    const { fileSystem } = await logOnly(6, 'close')
    const note = new TextDecoder().decode(await read(fileSystem, 'LSM-STATE'))
    const changed = note.replace('"lastSequence":6', '"lastSequence":7')
    expect(changed).not.toBe(note)
    await write(fileSystem, 'LSM-STATE', new TextEncoder().encode(changed))
    expect((await reopen(fileSystem)).length).toBe(6)
  })

  test('and a note that is older than the last writes is void', async () => {
    const { fileSystem, log } = await logOnly(6, 'close')
    const state = await read(fileSystem, 'LSM-STATE')
    const db = await Database.open('/db', { fileSystem, ...SMALL })
    await db.put('more', '1')
    await db.close()
    await write(fileSystem, 'LSM-STATE', state)
    expect((await reopen(fileSystem)).length).toBe(7)
    const { fileSystem: grown } = await logOnly(6, 'close')
    const bytes = await read(grown, log)
    await write(grown, log, Uint8Array.from([...bytes, 1, 2, 3]))
    expect((await reopen(grown)).length).toBe(6)
  })
})

describe('the recovery option', () => {
  /** Two blocks of log with a flipped byte in the first. */
  async function damagedLog(): Promise<{ fileSystem: MemoryFileSystem; log: string }> {
    const { fileSystem, log } = await logOnly(1000)
    await write(
      fileSystem,
      log,
      (await read(fileSystem, log)).map((byte, i) => (i === 5000 ? byte ^ 1 : byte)),
    )
    return { fileSystem, log }
  }

  test("'strict' forgives nothing", async () => {
    const { fileSystem, log } = await damagedLog()
    await expect(Database.open('/db', { fileSystem, recovery: 'strict' })).rejects.toMatchObject({
      code: 'LSM_CORRUPTION',
      file: log,
    })
  })

  test("'salvage' takes what lies behind the damage, and says what is missing", async () => {
    const { fileSystem, log } = await damagedLog()
    await using db = await Database.open('/db', { fileSystem, recovery: 'salvage' })
    expect(await db.get('k0')).toBe('value 0')
    expect(await db.get('k999')).toBe('value 999')
    const found = (await db.keys().all()).length
    expect(found).toBe(db.recovery.entries)
    expect(found).toBeLessThan(1000)
    expect(db.recovery.holes).toBe(true)
    expect(db.recovery.dropped[0]).toMatchObject({ file: log })
  })

  test("'salvage' opens where a log is there twice, or a newer one follows a damaged one", async () => {
    const { fileSystem, log } = await logOnly(50)
    const bytes = await read(fileSystem, log)
    await write(fileSystem, '000090.log', bytes)
    await using db = await Database.open('/db', { fileSystem, recovery: 'salvage' })
    expect((await db.keys().all()).length).toBe(50)
    expect(db.recovery.dropped.length).toBe(50)
  })
})

test('logs of many short lives are replayed together, and become a table in time', async () => {
  const fileSystem = new MemoryFileSystem()
  for (let life = 0; life < 12; life++) {
    const db = await Database.open('/db', { fileSystem })
    expect((await db.keys().all()).length).toBe(life)
    await db.put(`life ${String(life).padStart(2, '0')}`, `${life}`)
    await db.close()
  }
  await using db = await Database.open('/db', { fileSystem })
  expect((await db.values().all()).map(Number)).toEqual([...Array(12).keys()])
  expect(db.recovery.logs.length).toBeLessThan(8)
})

test('names that are not ours stay', async () => {
  const { fileSystem } = await logOnly(3)
  for (const name of ['notes.txt', '00000a.ldb', 'MANIFEST-abc', 'LOG', 'LOG.old'])
    await write(fileSystem, name, Uint8Array.of(1))
  for (const name of ['000077.ldb', '000076.dbtmp']) await write(fileSystem, name, Uint8Array.of(1))
  await using db = await Database.open('/db', { fileSystem })
  const names = (await (await fileSystem.openDirectory('/db', false)).list()).map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['notes.txt', '00000a.ldb', 'MANIFEST-abc', 'LOG', 'LOG.old']))
  expect(names).not.toContain('000077.ldb')
  expect(names).not.toContain('000076.dbtmp')
  expect((await db.keys().all()).length).toBe(3)
})

test('what was there at an orderly close survives a loss of power right after it', async () => {
  // Each sync takes a turn, so that the close comes while writes are under way.
  const fileSystem = new CrashableFileSystem({ pause: () => new Promise(resolve => setImmediate(resolve)) })
  const db = await Database.open('/db', { fileSystem, workers: 0 })
  await db.put('a', 'not synced')
  const writes = [db.put('b', 'synced', { sync: true }), db.put('c', 'behind it'), db.put('d', 'last', { sync: true })]
  await Promise.all([...writes, db.close()])
  await using again = await Database.open('/db', { fileSystem: fileSystem.crash({ variant: 'strict' }), workers: 0 })
  expect(await again.keys().all()).toEqual(['a', 'b', 'c', 'd'])
})

test('writes that were called before the close are done, one sync after the other', async () => {
  const fileSystem = new CrashableFileSystem({ pause: () => new Promise(resolve => setImmediate(resolve)) })
  const db = await Database.open('/db', { fileSystem, workers: 0 })
  // Each is a group of its own because of its signal.
  const { signal } = new AbortController()
  const writes = Array.from({ length: 20 }, (_, i) => db.put(`k${i}`, 'x', { sync: true, signal }))
  await Promise.all([...writes, db.close()])
  await using again = await Database.open('/db', { fileSystem: fileSystem.crash({ variant: 'strict' }), workers: 0 })
  expect((await again.keys().all()).length).toBe(20)
})

test('writes that nobody synced are synced by the close', async () => {
  const fileSystem = new CrashableFileSystem()
  const db = await Database.open('/db', { fileSystem, workers: 0 })
  await db.put('a', 'not synced')
  await db.close()
  await using again = await Database.open('/db', { fileSystem: fileSystem.crash({ variant: 'strict' }), workers: 0 })
  expect(await again.keys().all()).toEqual(['a'])
})

test('a log that stays is synced before anything is written behind it', async () => {
  const first = new CrashableFileSystem()
  const killed = await Database.open('/db', { fileSystem: first, workers: 0 })
  await killed.put('before', 'not synced')
  const second = first.crash({ variant: 'kill' })
  const log = (await (await second.openDirectory('/db', false)).list()).find(({ name }) => name.endsWith('.log'))!.name
  const db = await Database.open('/db', { fileSystem: second, workers: 0 })
  await db.put('later', 'synced', { sync: true })
  const synced = second.operations.findIndex(({ kind, file }) => kind === 'sync' && file === log)
  const written = second.operations.findIndex(({ kind, file }) => kind === 'append' && file.endsWith('.log'))
  expect(synced).toBeGreaterThanOrEqual(0)
  expect(synced).toBeLessThan(written)
  for (const database of [killed, db]) await database.close()
})
