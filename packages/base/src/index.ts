/**
 * The words that all `@lsm` packages share: keys and their order, integers and checksums, iterators and their
 * misses, errors, and the contract of a file system. It has no dependency and does no I/O.
 *
 * @packageDocumentation
 * @category Packages
 */
export { ByteBuffer, compareBytes, EMPTY, equalBytes, sharedPrefixLength } from './bytes.ts'
export { ByteReader, getFixed32, getFixed64, putFixed32, putFixed64, putVarint, varintLength } from './coding.ts'
export { COMPARATOR_NAME, shortSeparator, shortSuccessor } from './comparator.ts'
export { crc32c, maskCrc, unmaskCrc } from './crc32c.ts'
export { corruption, LsmError, type LsmErrorCode, type LsmErrorDetails } from './errors.ts'
export type {
  Directory,
  DirectoryEntry,
  DirectoryLock,
  FileSystem,
  ModuleReference,
  ReadableFile,
  WritableFile,
} from './file-system.ts'
export { hashKey } from './hash.ts'
export {
  compareInternalKeys,
  compareTags,
  internalKey,
  isVisible,
  MAX_SEQUENCE,
  putTag,
  TAG_SIZE,
  tagHigh,
  tagLow,
  tagSequence,
  tagType,
  TYPE_DELETION,
  TYPE_FOR_SEEK,
  TYPE_VALUE,
} from './internal-key.ts'
export { END, MISS, VALID, type InternalIterator, type Move } from './iterator.ts'
export { ABSENT, DELETED, FOUND, FoundValue, LookupKey, type Lookup } from './lookup.ts'
export { mergeIterators, MergingIterator } from './merging-iterator.ts'
export { ReadContext, type PageSource } from './read-context.ts'
