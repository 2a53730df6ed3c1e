/**
 * Recent writes, sorted in memory: a map of byte strings with versions, in a shared buffer, that another
 * thread can read without a copy once it is frozen.
 *
 * @packageDocumentation
 * @category Packages
 */
export { MemTable, type SharedMemTable } from './memtable.ts'
