/**
 * Reads every byte of a database and says what is wrong, in plain words.
 *
 *     CURRENT → MANIFEST → which tables and logs are live
 *     logs      every record, every batch, every sequence number
 *     tables    every block, every key, every filter, against the MANIFEST and the table's own properties
 *     others    what is left over, and what is nobody's
 *
 * 1. Nothing is written, and no lock is taken: it may run beside a database that is in use, and says if that was so.
 * 2. What cannot be read does not end it. Without a MANIFEST every table and log of the directory is looked at.
 * 3. In memory are a chunk of one file, one block, and the index and filters of one table.
 *
 * Finds no newer version of a key that lies in a place of older ones: that would take a merge of all tables.
 */
import { LsmError, type Directory, type DirectoryEntry, type FileSystem, type ReadableFile } from '@lsm/base'
import {
  CURRENT,
  legacyTableFileName,
  logFileName,
  parseFileName,
  tableFileName,
  VersionSet,
  type FileMetadata,
} from '@lsm/manifest'
import { BlockCache, TableReader, type TableReaderOptions } from '@lsm/sstable'

import { checkCleanState, readCleanState } from './clean-close.ts'
import { resolveOptions, type OpenOptions } from './options.ts'
import { ReadAheadFile } from './read-ahead-file.ts'
import { LogVerifier } from './verify-logs.ts'
import { Findings, isDamage, type VerifiedFile, type VerifyProgress, type VerifyReport } from './verify-report.ts'
import { verifyTable } from './verify-table.ts'

/** How to verify. */
export interface VerifyOptions extends Pick<OpenOptions, 'codecs' | 'fileSystem' | 'maxBlockSize'> {
  /** Ends the verification with `LSM_ABORTED` when it fires. */
  readonly signal?: AbortSignal | undefined
  /** Told of every piece of a file that was read. */
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined
}

/** Verifies the database in a directory; see `Database.verify`. */
export async function verifyDatabase(
  path: string,
  options: VerifyOptions,
  defaultFileSystem: FileSystem,
): Promise<VerifyReport> {
  const { signal, onProgress, ...settings } = options
  const resolved = resolveOptions(settings, defaultFileSystem)
  const directory = await resolved.fileSystem.openDirectory(path, false)
  try {
    const tables = { ...resolved, verifyChecksums: true, cache: new BlockCache(0) }
    return await new Verification(directory, tables, signal, onProgress).run()
  } finally {
    await directory.close()
  }
}

/** A file that is needed, and what the MANIFEST says of it. */
interface LiveFile {
  readonly name: string
  readonly number: number
  readonly metadata: FileMetadata | undefined
}

class Verification {
  readonly #directory: Directory
  readonly #tableOptions: TableReaderOptions
  readonly #signal: AbortSignal | undefined
  readonly #onProgress: VerifyOptions['onProgress']
  readonly #findings = new Findings()
  #entries: readonly DirectoryEntry[] = []
  #bytesRead = 0
  #bytesTotal = 0
  #changed = false

  constructor(
    directory: Directory,
    tableOptions: TableReaderOptions,
    signal: AbortSignal | undefined,
    onProgress: VerifyOptions['onProgress'],
  ) {
    this.#directory = directory
    this.#tableOptions = tableOptions
    this.#signal = signal
    this.#onProgress = onProgress
  }

  async run(): Promise<VerifyReport> {
    // The listing comes last: tables that the MANIFEST names by then are in it, unless they are gone for good.
    const versions = await this.#recover()
    this.#entries = await this.#directory.list()
    const tables = this.#liveTables(versions)
    const logs = this.#liveLogs(versions)
    const live = new Set([...tables, ...logs].map(({ name }) => name))
    this.#bytesTotal = this.#entries.reduce((sum, { name, size }) => sum + (live.has(name) ? size : 0), 0)
    const logVerifier = new LogVerifier(this.#findings, versions)
    for (const log of logs) await this.#log(log, logVerifier)
    logVerifier.finish()
    if (versions !== undefined) await this.#checkCleanClose(versions, logVerifier.lastSequence)
    const lastSequence = versions === undefined ? Number.MAX_SAFE_INTEGER : logVerifier.lastSequence
    for (const table of tables) await this.#table(table, lastSequence, versions)
    if (versions !== undefined) await this.#leftovers(live, versions, lastSequence)
    await this.#lookForChanges(versions)
    return this.#report(tables, logs, live, versions, logVerifier.lastSequence)
  }

  /** After an orderly close nothing is torn: what is, is no trace of a crash. */
  async #checkCleanClose(versions: VersionSet, lastSequence: number): Promise<void> {
    try {
      const { dropped } = this.#findings
      const replayed = { dropped, lastSequence }
      checkCleanState(await readCleanState(this.#directory, this.#entries), this.#entries, versions, replayed)
    } catch (error) {
      this.#findings.addError(error, versions.recovered.manifest, 'the database refuses to open')
    }
  }

  /** What the MANIFEST says; `undefined` if it cannot be read. */
  async #recover(): Promise<VersionSet | undefined> {
    try {
      const versions = await VersionSet.recover(this.#directory)
      const { manifest, bytes, dropped } = versions.recovered
      this.#count(manifest, bytes)
      for (const { offset, bytes: length, reason } of dropped) {
        const effect = 'the database opens as if the last change of its tables had not been made'
        this.#findings.add(manifest, offset, `${reason}; ${length} bytes are damaged`, effect)
      }
      await versions.close()
      return versions
    } catch (error) {
      if (!isDamage(error) || error.code !== 'LSM_CORRUPTION') throw error
      this.#findings.addError(
        error,
        CURRENT,
        'the database cannot be opened; repair makes a new one of what is readable',
      )
      return undefined
    }
  }

  #liveTables(versions: VersionSet | undefined): LiveFile[] {
    if (versions === undefined) return this.#filesOf('table')
    const names = new Set(this.#entries.map(({ name }) => name))
    return Array.from(versions.current.files(), metadata => {
      const { number } = metadata
      const name = tableFileName(number)
      const legacy = legacyTableFileName(number)
      return { name: !names.has(name) && names.has(legacy) ? legacy : name, number, metadata }
    })
  }

  #liveLogs(versions: VersionSet | undefined): LiveFile[] {
    const logs = this.#filesOf('log')
    if (versions === undefined) return logs
    const { logNumber, prevLogNumber } = versions
    if (logNumber > 0 && logs.every(({ number }) => number !== logNumber)) {
      const what = 'the log that the MANIFEST names is missing'
      this.#findings.add(logFileName(logNumber), 0, what, 'the writes in it are lost, if there were any')
    }
    return logs.filter(({ number }) => number >= logNumber || (number === prevLogNumber && number > 0))
  }

  /** The files of a kind that are there, by number. */
  #filesOf(kind: 'table' | 'log'): LiveFile[] {
    const files: LiveFile[] = []
    for (const { name } of this.#entries) {
      const parsed = parseFileName(name)
      if (parsed?.kind === kind) files.push({ name, number: parsed.number, metadata: undefined })
    }
    return files.sort((a, b) => a.number - b.number)
  }

  async #log({ name, number }: LiveFile, verifier: LogVerifier): Promise<void> {
    const file = await this.#open(name, 'the writes in it are lost')
    if (file !== undefined) await verifier.log(file, number)
  }

  async #table({ name, metadata }: LiveFile, lastSequence: number, versions: VersionSet | undefined): Promise<void> {
    if (metadata !== undefined && (await this.#isGone(name, metadata, versions))) return
    const file = await this.#open(name, 'its keys are lost; the database refuses to open')
    if (file === undefined) return
    const size = metadata?.size ?? file.size
    if (file.size < size) {
      const what = `the table has ${file.size} bytes, and the MANIFEST says ${size}`
      this.#findings.add(name, file.size, what, 'the database refuses to open')
      await file.close()
      return
    }
    await verifyTable(file, { size, metadata, lastSequence }, this.#tableOptions, this.#findings)
  }

  /** Whether a table is missing because the database went on meanwhile, and needs it no more. */
  async #isGone(name: string, { number }: FileMetadata, versions: VersionSet | undefined): Promise<boolean> {
    try {
      await (await this.#directory.openFile(name)).close()
      return false
    } catch (error) {
      if (!isDamage(error)) return false
    }
    const now = await VersionSet.recover(this.#directory).catch(() => versions)
    const isLive = now === undefined || Array.from(now.current.files()).some(file => file.number === number)
    this.#changed ||= !isLive
    return !isLive
  }

  /** Opens a file that is needed; `undefined` after noting that it is missing, or no file. */
  async #open(name: string, effect: string): Promise<ReadableFile | undefined> {
    const entry = this.#entries.find(other => other.name === name)
    if (entry?.isFile === false) {
      this.#findings.add(name, 0, 'it is no file', effect)
      return undefined
    }
    try {
      const file = await this.#directory.openFile(name)
      return new ReadAheadFile(file, bytes => this.#count(name, bytes))
    } catch (error) {
      if (!isDamage(error)) throw error
      this.#findings.add(name, 0, 'it is missing', effect)
      return undefined
    }
  }

  /** A table that nobody knows, with writes that nobody knows, is what a MANIFEST whose end is lost leaves behind. */
  async #leftovers(live: ReadonlySet<string>, versions: VersionSet, lastSequence: number): Promise<void> {
    for (const { name, number } of this.#filesOf('table')) {
      if (live.has(name) || number < versions.nextFileNumber) continue
      const largest = await this.#largestSequence(name)
      if (largest <= lastSequence) continue
      const what = `it holds writes up to ${largest}, and the MANIFEST knows of none after ${lastSequence}`
      this.#findings.add(name, 0, what, 'they are not seen, and the table is removed when the database is opened')
    }
  }

  /** The greatest sequence number that a table's properties name; 0 if it has none, as half a table has not. */
  async #largestSequence(name: string): Promise<number> {
    try {
      const file = await this.#directory.openFile(name)
      const reader = await TableReader.open(file, file.size, this.#tableOptions)
      reader.release()
      await reader.closed()
      return reader.properties?.largestSequence ?? 0
    } catch (error) {
      if (!isDamage(error)) throw error
      return 0
    }
  }

  async #lookForChanges(before: VersionSet | undefined): Promise<void> {
    const after = await VersionSet.recover(this.#directory).catch(() => undefined)
    this.#changed ||=
      before?.recovered.manifest !== after?.recovered.manifest || before?.recovered.bytes !== after?.recovered.bytes
    const sizes = new Map((await this.#directory.list()).map(({ name, size }) => [name, size]))
    this.#changed ||=
      sizes.size !== this.#entries.length || this.#entries.some(({ name, size }) => sizes.get(name) !== size)
  }

  /** Counts what was read, tells of it, and ends the verification if it is to end. */
  #count(file: string, bytes: number): void {
    this.#bytesRead += bytes
    this.#onProgress?.({ file, bytesRead: this.#bytesRead, bytesTotal: Math.max(this.#bytesTotal, this.#bytesRead) })
    if (this.#signal?.aborted !== true) return
    throw new LsmError('LSM_ABORTED', 'the verification was given up', { cause: this.#signal.reason })
  }

  #report(
    tables: readonly LiveFile[],
    logs: readonly LiveFile[],
    live: ReadonlySet<string>,
    versions: VersionSet | undefined,
    lastSequence: number,
  ): VerifyReport {
    const findings = this.#findings
    const counts = [...findings.counts.values()]
    const problems = findings.all()
    return {
      ok: problems.length === 0,
      changed: this.#changed,
      files: this.#files(live, versions),
      problems,
      dropped: findings.dropped,
      tables: tables.length,
      logs: logs.length,
      entries: counts.reduce((sum, { entries }) => sum + entries, 0),
      deletions: counts.reduce((sum, { deletions }) => sum + deletions, 0),
      bytesRead: this.#bytesRead,
      lastSequence,
    }
  }

  /** Every file of the directory, and those that are missing. */
  #files(live: ReadonlySet<string>, versions: VersionSet | undefined): VerifiedFile[] {
    const findings = this.#findings
    const sizes = new Map(this.#entries.map(({ name, size }) => [name, size]))
    for (const { file } of findings.all()) if (!sizes.has(file)) sizes.set(file, 0)
    return Array.from(sizes, ([file, bytes]) => ({
      file,
      kind: parseFileName(file)?.kind ?? 'unknown',
      bytes,
      state: this.#stateOf(file, live, versions),
      entries: findings.counts.get(file)?.entries ?? 0,
      problems: findings.of(file),
    }))
  }

  #stateOf(file: string, live: ReadonlySet<string>, versions: VersionSet | undefined): VerifiedFile['state'] {
    const parsed = parseFileName(file)
    if (parsed === undefined) return 'foreign'
    switch (parsed.kind) {
      case 'table':
      case 'log':
        return live.has(file) ? 'live' : 'leftover'
      case 'manifest':
        return versions === undefined || versions.recovered.manifest === file ? 'live' : 'leftover'
      case 'temporary':
        return 'leftover'
      case 'current':
      case 'lock':
      case 'info':
        return 'live'
    }
  }
}
