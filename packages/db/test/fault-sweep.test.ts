/**
 * Every operation of the file system fails: once, for ever, or because the disk is full until it is not; reads give wrong
 * bits. What was acknowledged stays, what was refused is invisible, nothing hangs, and the next open works.
 *
 *     LSM_FAULTS=1 npx vitest run test/fault-sweep.test.ts     every operation, instead of some of them
 *     LSM_FAULT='once/120' npx vitest run …                     one case, as a failure prints it
 */
import { describe, expect, test } from 'vitest'

import { countOperations, faultAt, faultEverywhere, parseFault, WAYS } from './fault-sweep.ts'

const STRIDE = process.env['LSM_FAULTS'] === undefined ? 9 : 1
const CASE = process.env['LSM_FAULT']
const SWEPT = CASE === undefined ? Object.keys(WAYS).map((way, index) => ({ way, index })) : []

describe('an operation that fails', () => {
  test.each(SWEPT)(
    '$way',
    async ({ way, index }) => {
      expect(await countOperations()).toBeGreaterThan(300)
      await faultEverywhere(way, STRIDE, 1 + (index % STRIDE))
    },
    600_000,
  )

  test.each(CASE === undefined ? [] : [CASE])('the fault %s', async line => {
    await expect(faultAt(parseFault(line))).resolves.toBeUndefined()
  })
})
