/**
 * The databases that can be measured. A rival is a file beside this one, and a line in it.
 */
import { classicLevel } from './classic-level.ts'
import type { DriverKind } from './driver.ts'
import { lsm } from './lsm.ts'

/** Drivers by name. */
export const DRIVERS: ReadonlyMap<string, DriverKind> = new Map([lsm, classicLevel].map(kind => [kind.name, kind]))
