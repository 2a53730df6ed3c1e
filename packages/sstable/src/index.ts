/**
 * Immutable sorted tables in LevelDB's format: building them, reading them, and what stays of them in memory.
 *
 * {@link writeTable} and {@link openTable} are for a table on its own. An engine takes the parts: {@link TableBuilder},
 * {@link TableReader}, {@link TableCache} and {@link BlockCache}.
 *
 * @packageDocumentation
 * @category Packages
 */
export { BlockCache, type BlockSlots } from './block-cache.ts'
export type { BlockLoaderOptions } from './block-loader.ts'
export { leveldbBloomFilter } from './bloom-filter.ts'
export { CodecRegistry, DEFAULT_CODECS, RAW, type Codec } from './codec.ts'
export type { FilterBuilder, FilterPolicy, FilterReader } from './filter-policy.ts'
export { blockedBloomFilter } from './full-filter.ts'
export { LevelIterator, type LevelTable } from './level-iterator.ts'
export { PageIterator } from './page-iterator.ts'
export { decodeProperties, encodeProperties, PROPERTIES_NAME, type TableProperties } from './properties.ts'
export { SNAPPY } from './snappy.ts'
export {
  openTable,
  SortedTable,
  writeTable,
  type OpenTableOptions,
  type TableRange,
  type TableVersion,
  type WriteTableOptions,
} from './sorted-table.ts'
export { TableBuilder, type TableBuilderOptions, type TableSummary } from './table-builder.ts'
export { TableCache } from './table-cache.ts'
export type { TableDirectory } from './table-file.ts'
export type { BlockHandle } from './table-format.ts'
export { tableParts, type TablePart } from './table-parts.ts'
export { salvageTable, type LostBlock, type SalvageVisitor } from './table-salvage.ts'
export { TableReader, type TableReaderOptions } from './table-reader.ts'
