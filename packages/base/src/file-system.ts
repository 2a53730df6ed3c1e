/**
 * What the engine asks of a place that keeps bytes.
 *
 * The contract speaks of intent, not of POSIX: files that only grow, files that never change once written, one
 * atomic replacement of a small file. A browser's private file system or an object store can fulfil it. Tables
 * and logs need neither rename nor rewriting to be correct; only `replaceFile` does.
 *
 * Names are the engine's own (`000005.ldb`, `CURRENT`), never a user's path; a directory refuses any other shape.
 * Every failure is an `LsmError`: `LSM_NOT_FOUND`, `LSM_DISK_FULL`, or `LSM_IO` with the system's error as `cause`.
 */

/**
 * Something that another thread can make for itself: an exported function of a module, which called with plain data
 * gives a thing that does the same. Functions do not cross from thread to thread; this does.
 */
export interface ModuleReference {
  /** What to import: an absolute URL, such as a module's `import.meta.url`. */
  readonly url: string
  /** The name of the exported function. It may return a promise. */
  readonly export: string
  /** What it is called with: data that can be posted to another thread. */
  readonly argument?: unknown
}

/** Opens directories. */
export interface FileSystem {
  /**
   * Opens a directory.
   *
   * @param create - make the directory (and its parents) durably if it is not there.
   * @throws LsmError `LSM_NOT_FOUND` if it is not there and `create` is false.
   */
  openDirectory(path: string, create: boolean): Promise<Directory>
  /** Removes a directory if it is empty; one that is not empty or not there stays as it is. */
  removeDirectory(path: string): Promise<void>
}

/** One name in a directory. */
export interface DirectoryEntry {
  /** Its name inside the directory. */
  readonly name: string
  /** Bytes; 0 for what is not a regular file. */
  readonly size: number
  /** Whether it is a regular file. */
  readonly isFile: boolean
}

/** An open directory: the names in it, and the files behind them. */
export interface Directory {
  /** The path it was opened by, for messages. */
  readonly path: string
  /** Opens the same directory in another thread; absent where no other thread can reach it. */
  readonly module?: ModuleReference | undefined
  /** Everything in it, in no order. */
  list(): Promise<DirectoryEntry[]>
  /** Makes a new, empty file to append to; a leftover of that name is removed first. */
  createFile(name: string): Promise<WritableFile>
  /** Opens an existing regular file for reading. */
  openFile(name: string): Promise<ReadableFile>
  /** The same, blocking the thread; absent where the platform cannot. */
  openFileSync?(name: string): ReadableFile
  /** Replaces a small file by these bytes: after a crash the old or the new contents are there, and after return the new. */
  replaceFile(name: string, bytes: Uint8Array): Promise<void>
  /** Removes a file; no error if it is not there. */
  removeFile(name: string): Promise<void>
  /** Makes created and removed names durable; does nothing where they are so by themselves. */
  sync(): Promise<void>
  /** Makes what was appended to a file, perhaps by a process that has died, survive a loss of power. */
  syncFile(name: string): Promise<void>
  /**
   * Takes the directory for this owner alone, until released or until the process ends.
   *
   * @throws LsmError `LSM_LOCKED`, naming the owner where it is known.
   */
  lock(name: string): Promise<DirectoryLock>
  /** Releases what the open directory holds. A lock is released separately. */
  close(): Promise<void>
}

/** A file being written, from its beginning to its end. */
export interface WritableFile {
  /** Its name inside the directory. */
  readonly name: string
  /** Bytes appended so far. */
  readonly size: number
  /**
   * Appends bytes; when it returns they survive the death of the process, not yet a loss of power. All or an error: after
   * `LSM_DISK_FULL` none of them is in the file, and a later append goes on behind what was there before.
   */
  append(bytes: Uint8Array, start: number, end: number): void
  /** Makes everything appended so far survive a loss of power. */
  sync(): Promise<void>
  /** Ends writing; does not sync. */
  close(): Promise<void>
}

/** A file being read by range. */
export interface ReadableFile {
  /** Its name inside the directory. */
  readonly name: string
  /** Bytes, at the time it was opened. */
  readonly size: number
  /**
   * Reads bytes from `position` on into `target[start, start + length)`.
   *
   * @returns how many were read: fewer than `length` only at the end of the file.
   */
  read(position: number, target: Uint8Array, start: number, length: number): Promise<number>
  /** The same, blocking the thread; absent where the platform cannot. */
  readSync?(position: number, target: Uint8Array, start: number, length: number): number
  /** Ends reading, once reads that have started are done. */
  close(): Promise<void>
}

/** A directory held by this owner alone. */
export interface DirectoryLock {
  /** Gives the directory free. */
  release(): Promise<void>
}
