/**
 * A durable, ordered key-value database in a directory, in LevelDB's format: put, get, batches, snapshots, and iteration
 * both ways, synchronous and asynchronous.
 *
 * @packageDocumentation
 * @category Packages
 */
// Whoever loads the package is going to open a database: what that needs is loaded along with it, and not in its midst.
import '@lsm/fs/node-lock'
import './start-writer.ts'

export * from './lazy.ts'
