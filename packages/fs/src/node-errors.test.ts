import { LsmError } from '@lsm/base'
import { expect, test } from 'vitest'

import { ioError } from './node-errors.ts'
import { whileBusy } from './node-retry.ts'

test.each([
  ['ENOENT', 'LSM_NOT_FOUND', /could not open a file in \/db: it is not there; check the path \(a\.log\)$/u],
  ['ENOSPC', 'LSM_DISK_FULL', /the disk is full; free some space/u],
  ['EDQUOT', 'LSM_DISK_FULL', /the quota is used up/u],
  ['EFBIG', 'LSM_DISK_FULL', /raise the limit/u],
  ['EIO', 'LSM_IO', /the device failed/u],
  ['EMFILE', 'LSM_IO', /too many files open/u],
  ['EUNKNOWN', 'LSM_IO', /the system said EUNKNOWN; see the cause/u],
])('%s becomes %s', (code, expected, message) => {
  const cause = Object.assign(new Error('system'), { code })
  const error = ioError(cause, 'open a file in /db', 'a.log')
  expect(error).toMatchObject({ code: expected, file: 'a.log', cause })
  expect(error.message).toMatch(message)
})

test('what is translated stays as it is', () => {
  const error = new LsmError('LSM_CORRUPTION', 'x')
  expect(ioError(error, 'read')).toBe(error)
})

test('a value that is no error is told', () => {
  expect(ioError('odd', 'read a file').message).toBe('could not read a file: the system said odd; see the cause')
})

test.each([
  ['EBUSY', 3, 3],
  ['EBUSY', 1, 1],
  ['EIO', 3, 1],
])('while it fails with %s, of %i attempts %i are made', async (code, attempts, expected) => {
  let made = 0
  const failing = whileBusy(async () => {
    made++
    throw Object.assign(new Error('system'), { code })
  }, attempts)
  await expect(failing).rejects.toMatchObject({ code })
  expect(made).toBe(expected)
})

test('it ends with the first success', async () => {
  let made = 0
  const result = await whileBusy(async () => {
    if (++made < 3) throw Object.assign(new Error('system'), { code: 'EPERM' })
    return made
  }, 10)
  expect(result).toBe(3)
})
