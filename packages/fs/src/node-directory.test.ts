import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { openPlace } from './node-directory.ts'
import { NodeFileSystem } from './node-file-system.ts'

test('a directory is opened again from plain data, with the same modes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lsm-place-'))
  const directory = await new NodeFileSystem({ fileMode: 0o640 }).openDirectory(folder, true)
  const { url, export: name, argument } = directory.module!
  expect(url).toMatch(/^file:.*node-directory/)
  expect(name).toBe(openPlace.name)
  const again = openPlace(structuredClone(argument) as Parameters<typeof openPlace>[0])
  const file = await again.createFile('000005.ldb')
  file.append(Uint8Array.of(1, 2, 3), 0, 3)
  await file.close()
  expect(await directory.list()).toEqual([{ name: '000005.ldb', size: 3, isFile: true }])
  if (process.platform !== 'win32') expect(statSync(join(folder, '000005.ldb')).mode & 0o7777).toBe(0o640)
  rmSync(folder, { recursive: true })
})
