/**
 * The power goes at every operation of a recorded run, in every way in which unsynced changes can be lost.
 *
 * After each crash the database opens and holds a beginning of the history: with every acknowledged synced write in it,
 * with every acknowledged write if only the process died, with no batch in part. It opens again with the same, takes
 * writes, and every so often the power goes during its recovery too. A run that fails is made as short as can be before
 * it is told of.
 *
 *     LSM_CRASHES=1000000 npx vitest run test/crash-sweep.test.ts     more of it; LSM_SEED gives other runs
 *     LSM_CRASH='leveled/7/120/torn/3' npx vitest run …               one case, as a failure prints it
 */
import { testSeed } from '@lsm/testkit'
import { describe, expect, test } from 'vitest'

import { shrunk } from './crash-shrink.ts'
import { CrashFailure, CrashSweep, parseCase } from './crash-sweep.ts'
import { OPTIONS, wholePlan, Workload } from './crash-workload.ts'

const CRASHES = Number(process.env['LSM_CRASHES'] ?? 50_000)
const CASE = process.env['LSM_CRASH']

const SWEPT = CASE === undefined ? Object.keys(OPTIONS) : []

describe(`${CRASHES} crashes leave a beginning of the history`, () => {
  test.each(SWEPT)(
    '%s',
    async name => {
      const limit = Math.ceil(CRASHES / SWEPT.length)
      const sum = { crashes: 0, images: 0 }
      for (let seed = testSeed(1); sum.crashes < limit; seed++) {
        const plan = wholePlan(seed)
        const sweep = new CrashSweep(name, await Workload.record(plan, OPTIONS[name]))
        await sweep.everywhere(limit - sum.crashes).catch(async (error: unknown) => {
          throw error instanceof CrashFailure ? await shrunk(error, name, plan) : error
        })
        sum.crashes += sweep.crashes
        sum.images += sweep.images
      }
      if (process.env['LSM_CRASHES'] !== undefined) process.stdout.write(`${name} ${JSON.stringify(sum)}\n`)
      expect(sum.crashes).toBeGreaterThanOrEqual(limit)
    },
    3_600_000,
  )

  test.each(CASE === undefined ? [] : [CASE])('the crash %s', async line => {
    const { name, plan, crashes } = parseCase(line)
    const sweep = new CrashSweep(name, await Workload.record(plan, OPTIONS[name]))
    await expect(sweep.one(crashes[0], crashes[1])).resolves.toBeUndefined()
  })
})
