/**
 * The databases that can be measured. A rival is a file beside this one, and a line in it.
 */
import { classicLevel } from './classic-level.ts'
import type { DriverKind } from './driver.ts'
import { lmdb } from './lmdb.ts'
import { lsm } from './lsm.ts'
import { rocksLevel } from './rocks-level.ts'
import { rocksdb } from './rocksdb.ts'
import { betterSqlite3, nodeSqlite } from './sqlite.ts'

const ALL: readonly DriverKind[] = [lsm, classicLevel, lmdb, rocksdb, rocksLevel, betterSqlite3, nodeSqlite]

/** Drivers by name. */
export const DRIVERS: ReadonlyMap<string, DriverKind> = new Map(ALL.map(kind => [kind.name, kind]))
