import { expect, test } from 'vitest'

import { MissingError } from './driver.ts'
import { loadNative, needNode } from './native.ts'

test('what is not there is said to be missing', () => {
  expect(() => loadNative('no-such-database')).toThrow(new MissingError('not installed'))
  expect(() => needNode('this', { from: 999 })).toThrow(new MissingError('this needs Node 999'))
  expect(() => needNode('this', { below: 20 })).toThrow('this does not run on Node 20 and later')
  expect(() => needNode('this', { from: 20, below: 999 })).not.toThrow()
})
