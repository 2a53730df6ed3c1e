import { corruption, LsmError } from '@lsm/base'
import { describe, expect, test } from 'vitest'

import { fromPortable, toPortable } from './portable-error.ts'

describe('an error that crosses to another thread', () => {
  const system = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })

  test.each<[string, Error]>([
    ['LsmError with a place', corruption('block checksum does not match', '000005.ldb', 4096)],
    ['LsmError with a cause', new LsmError('LSM_DISK_FULL', 'the disk is full', { file: '000005.ldb', cause: system })],
    ['error of the system', system],
    ['TypeError', new TypeError('not a function')],
  ])('stays what it was: %s', (_, error) => {
    const copy = fromPortable(structuredClone(toPortable(error)))
    expect(copy instanceof LsmError).toBe(error instanceof LsmError)
    expect(describeError(copy)).toEqual(describeError(error))
    expect(copy.stack).toBe(error.stack)
  })

  test('may be anything that was thrown', () => {
    expect(fromPortable(toPortable('a word')).message).toBe('a word')
    expect(fromPortable(toPortable(undefined)).message).toBe('undefined')
  })

  test('may be its own cause', () => {
    const error = new Error('again')
    error.cause = error
    expect(fromPortable(toPortable(error)).message).toBe('again')
  })
})

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { name, message, code, file, offset } = error as LsmError
  return { name, message, code, file, offset, cause: describeError(error.cause) }
}
