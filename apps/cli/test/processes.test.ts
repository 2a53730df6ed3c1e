import { once } from 'node:events'

import { ClassicLevel } from 'classic-level'
import { expect, test } from 'vitest'

import { lsm, nextLine, startLsm, TemporaryDirectory } from './lsm.ts'

test('another process that holds the database is named, and does not hinder reading', async () => {
  using directory = new TemporaryDirectory()
  const db = directory.at('db')
  const holder = startLsm([db])
  holder.stdin.write('put a 1\nget a\n')
  expect(await nextLine(holder)).toBe('1')
  const write = await lsm([db, 'put', 'a', '2'])
  expect(write).toMatchObject({ code: 3, stdout: '' })
  expect(write.stderr).toContain(String(holder.pid))
  expect(write.stderr).toContain('--read-only')
  expect(await lsm([db], 'get a')).toMatchObject({ code: 3 })
  expect(await lsm([db, '--read-only'], 'get a')).toMatchObject({ code: 0, stdout: '1\n' })
  expect(await lsm([db, 'get', 'a'])).toMatchObject({ code: 0, stdout: '1\n' })
  holder.stdin.end()
  expect(await once(holder, 'close')).toEqual([0, null])
  expect(await lsm([db, 'put', 'a', '2'])).toMatchObject({ code: 0 })
})

test('after kill -9 everything is there that was acknowledged', async () => {
  using directory = new TemporaryDirectory()
  const db = directory.at('db')
  const writer = startLsm([db])
  let output = ''
  let acknowledged = 0
  writer.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
    acknowledged = Number(output.split('\n').at(-2) ?? 0)
    if (acknowledged >= 500) writer.kill('SIGKILL')
  })
  let script = ''
  for (let i = 1; i <= 50_000; i++) script += `put last ${i}\nput key-${i} ${'v'.repeat(1 + (i % 100))}\nget last\n`
  writer.stdin.end(script)
  await once(writer, 'close')
  expect(acknowledged).toBeGreaterThanOrEqual(500)
  const recovered = Number((await lsm([db, 'get', 'last'])).stdout)
  expect(recovered).toBeGreaterThanOrEqual(acknowledged)
  const count = Number((await lsm([db, 'count', '--prefix', 'key-'])).stdout)
  expect([recovered, recovered - 1]).toContain(count)
  const { stdout } = await lsm([db, 'get', `key-${acknowledged}`])
  expect(stdout).toBe(`${'v'.repeat(1 + (acknowledged % 100))}\n`)
})

test('a reader that goes away ends a scan silently', async () => {
  using directory = new TemporaryDirectory()
  const db = directory.at('db')
  let input = ''
  for (let i = 0; i < 20_000; i++) input += `{"key":"key-${i}","value":"${'v'.repeat(50)}"}\n`
  expect(await lsm([db, 'batch'], input)).toMatchObject({ code: 0 })
  const scan = startLsm([db, 'scan'])
  let stderr = ''
  scan.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  await once(scan.stdout, 'data')
  scan.stdout.destroy()
  expect(await once(scan, 'close')).toEqual([0, null])
  expect(stderr).toBe('')
})

test.skipIf(process.platform === 'win32')('Ctrl-C ends a command with 130', async () => {
  using directory = new TemporaryDirectory()
  const db = directory.at('db')
  const script = startLsm([db])
  script.stdin.write('put a 1\nget a\n')
  await once(script.stdout, 'data')
  script.kill('SIGINT')
  expect(await once(script, 'close')).toEqual([130, null])
  expect(await lsm([db, 'get', 'a'])).toMatchObject({ code: 0, stdout: '1\n' })
})

test('directories of LevelDB are read, and written so that LevelDB reads them', async () => {
  using directory = new TemporaryDirectory()
  const path = directory.at('level')
  const level = new ClassicLevel<Uint8Array, Uint8Array>(path, { keyEncoding: 'view', valueEncoding: 'view' })
  await level.put(Uint8Array.of(0, 255), Uint8Array.of(1, 2))
  await level.put(Buffer.from('fruit'), Buffer.from('apple'))
  await level.compactRange(Uint8Array.of(0), Uint8Array.of(255))
  await level.put(Buffer.from('later'), Buffer.from('in the log'))
  await level.close()
  expect((await lsm([path, 'scan'])).stdout).toBe('\\x00\\xff\t\\x01\\x02\nfruit\tapple\nlater\tin the log\n')
  expect(await lsm([path], 'put --hex 01 02\ndel fruit\nput ä ö\n')).toMatchObject({ code: 0 })
  await level.open()
  const entries = await level.iterator<string, string>({ keyEncoding: 'utf8', valueEncoding: 'hex' }).all()
  await level.close()
  expect(entries).toEqual([
    ['\0\u{fffd}', '0102'],
    ['\u{1}', '02'],
    ['later', Buffer.from('in the log').toString('hex')],
    ['ä', 'c3b6'],
  ])
})
