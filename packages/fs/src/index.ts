/**
 * Where bytes live: Node's file system or memory, behind the one contract of `@lsm/base`.
 *
 * `@lsm/fs/memory` and `@lsm/fs/node` are the two alone; the first uses nothing of Node.
 *
 * @packageDocumentation
 * @category Packages
 */
export { MemoryFileSystem } from './memory-file-system.ts'
export { NodeFileSystem, nodeFileSystem, type NodeFileSystemOptions } from './node-file-system.ts'
