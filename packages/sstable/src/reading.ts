/**
 * What reading tables takes, without what builds and salvages them: for those who look up a key and leave.
 *
 * Everything here is in `@lsm/sstable` too.
 *
 * @packageDocumentation
 * @category Packages
 */
export { BlockCache } from './block-cache.ts'
export { leveldbBloomFilter } from './bloom-filter.ts'
export { CodecRegistry, DEFAULT_CODECS } from './codec.ts'
export { blockedBloomFilter } from './full-filter.ts'
export { LevelIterator } from './level-iterator.ts'
export { TableCache } from './table-cache.ts'
