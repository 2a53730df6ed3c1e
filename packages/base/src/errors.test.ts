import { expect, test } from 'vitest'

import { corruption, LsmError } from './errors.ts'

test.each([
  [{}, 'broken'],
  [{ file: '000005.ldb' }, 'broken (000005.ldb)'],
  [{ file: '000005.ldb', offset: 0 }, 'broken (000005.ldb at offset 0)'],
])('the message says where: %j', (details, message) => {
  expect(new LsmError('LSM_IO', 'broken', details).message).toBe(message)
})

test('an error carries code, place and cause', () => {
  const cause = new Error('before')
  const error = corruption('broken', 'f', 7, cause)
  expect(error).toMatchObject({ name: 'LsmError', code: 'LSM_CORRUPTION', file: 'f', offset: 7, cause })
  expect('cause' in new LsmError('LSM_IO', 'x')).toBe(false)
})
