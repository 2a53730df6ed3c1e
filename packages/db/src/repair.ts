/**
 * Makes a new database of everything that can still be read of a damaged one.
 *
 *     logs     undamaged batches  ─► table ─┐
 *     tables   undamaged blocks   ─► table ─┼─ merge ─► the newest version of every key ─► one level ─► MANIFEST ─► CURRENT
 *     tables   without damage ──────────────┘
 *
 * 1. The damaged database is only read; the new one is in a directory of its own. Swapping the two is the user's.
 * 2. Nothing comes in whose checksum is not right: a damaged block or batch is lost as a whole, and reported.
 * 3. Of several versions of a key the one with the greatest sequence number counts, deletions too, wherever it was found.
 * 4. A readable MANIFEST says what is needed. To what it names come tables newer than it, which only a lost end of it can
 *    have left behind, or a job that was cut short and changes nothing. Without it every table and log comes in.
 * 5. CURRENT is written last: before that, the new directory is no database, and opening it is refused.
 * 6. In memory are one memtable, and a block, index and filter of each table that is merged.
 */
import {
  END,
  LsmError,
  MISS,
  ReadContext,
  MergingIterator,
  tagSequence,
  type Directory,
  type Move,
  type ReadableFile,
} from '@lsm/base'
import { Retention } from '@lsm/compaction'
import { CURRENT, LOCK, parseFileName, tableFileName, VersionEdit, VersionSet } from '@lsm/manifest'
import type { MemTable } from '@lsm/memtable'
import {
  BlockCache,
  PageIterator,
  LevelIterator,
  salvageTable,
  TableCache,
  type LevelTable,
  type TableBuilderOptions,
  type TableReaderOptions,
} from '@lsm/sstable'
import type { FileSystem } from '@lsm/base'

import { resolveOptions, type OpenOptions, type ResolvedOptions } from './options.ts'
import { ReadAheadFile } from './read-ahead-file.ts'
import { planRepair, type PlannedTable, type RepairPlan } from './repair-plan.ts'
import type { LostStretch, RepairedFile, RepairReport } from './repair-report.ts'
import { salvageLog } from './salvage-log.ts'
import { SortedRun } from './sorted-run.ts'
import { isDamage, withoutPlace, type VerifyProgress } from './verify-report.ts'

/** How to repair. */
export interface RepairOptions extends Pick<
  OpenOptions,
  | 'blockRestartInterval'
  | 'blockSize'
  | 'codecs'
  | 'compression'
  | 'fileSystem'
  | 'filter'
  | 'filterBitsPerKey'
  | 'maxBlockSize'
  | 'maxFileSize'
> {
  /** The directory of the new database: one that is not there, or empty. Default: the path with `.repaired` behind it. */
  readonly target?: string
  /** Ends the repair with `LSM_ABORTED` when it fires; what was written is removed. */
  readonly signal?: AbortSignal | undefined
  /** Told of every piece of a file that was read. */
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined
}

const MiB = 1024 * 1024
/** Bytes of level 1, about; each level below may hold ten times as much. */
const LEVEL_1 = 10 * MiB
const MAX_TABLE_SIZE = 8 * MiB
/** Files that are open at a time while merging. */
const OPEN_FILES = 100
/** Entries between two looks at the signal. */
const LOOK = 1024

/** Repairs the database in a directory; see `Database.repair`. */
export async function repairDatabase(
  path: string,
  options: RepairOptions,
  defaultFileSystem: FileSystem,
): Promise<RepairReport> {
  const { target: given, signal, onProgress, ...settings } = options
  const target = given ?? `${path.replace(/[/\\]+$/, '')}.repaired`
  const resolved = resolveOptions(settings, defaultFileSystem)
  const { fileSystem } = resolved
  const source = await fileSystem.openDirectory(path, false)
  try {
    const lock = await source.lock(LOCK)
    try {
      const directory = await openTarget(fileSystem, target)
      try {
        const maxTableSize = settings.maxFileSize ?? MAX_TABLE_SIZE
        return await new Repair(source, directory, { resolved, maxTableSize, signal, onProgress }).run()
      } finally {
        await directory.close()
      }
    } finally {
      await lock.release()
    }
  } finally {
    await source.close()
  }
}

async function openTarget(fileSystem: FileSystem, target: string): Promise<Directory> {
  const directory = await fileSystem.openDirectory(target, true)
  const entries = await directory.list()
  if (entries.length === 0) return directory
  await directory.close()
  throw new LsmError('LSM_EXISTS', `${target} is not empty; choose another directory for the repaired database`)
}

/** A table that takes part in the merge. */
interface MergeSource extends LevelTable {
  readonly inTarget: boolean
}

interface RepairSettings {
  readonly resolved: ResolvedOptions
  readonly maxTableSize: number
  readonly signal: AbortSignal | undefined
  readonly onProgress: RepairOptions['onProgress']
}

/** A key after all others need not be known to walk a table from its beginning. */
const NO_KEY: Uint8Array = new Uint8Array(0)

class Repair {
  readonly #source: Directory
  readonly #target: Directory
  readonly #settings: RepairSettings
  readonly #read: TableReaderOptions
  readonly #write: TableBuilderOptions
  readonly #sources: MergeSource[] = []
  readonly #files: RepairedFile[] = []
  readonly #lost: LostStretch[] = []
  readonly #notes: string[] = []
  #entriesLost = 0
  #lastSequence = 0
  #nextNumber = 2
  #bytesRead = 0
  #bytesTotal = 0

  constructor(source: Directory, target: Directory, settings: RepairSettings) {
    const { resolved } = settings
    const { table, codecs, filters } = resolved
    this.#source = source
    this.#target = target
    this.#settings = settings
    this.#read = { ...resolved, verifyChecksums: true, cache: new BlockCache(0) }
    this.#write = {
      blockSize: table.blockSize,
      blockRestartInterval: table.blockRestartInterval,
      codec: codecs.byName(table.compression),
      filters: filters.filter(({ metaName }) => table.filters.includes(metaName)),
      creator: table.creator,
      createdAt: Date.now(),
    }
  }

  async run(): Promise<RepairReport> {
    try {
      const plan = await planRepair(this.#source)
      this.#lost.push(...plan.lost)
      this.#notes.push(...plan.notes)
      this.#lastSequence = plan.lastSequence
      this.#bytesTotal = plan.bytes
      const versions = await VersionSet.create(this.#target)
      // Without CURRENT the directory is no database: one that is half made must not pass for an empty one.
      await this.#target.removeFile(CURRENT)
      try {
        for (const name of plan.logs) await this.#log(name)
        for (const table of plan.tables) await this.#table(table)
        const run = await this.#merge()
        await this.#install(versions, run)
        return this.#report(plan, run)
      } finally {
        await versions.close()
      }
    } catch (error) {
      await this.#removeAll()
      throw error
    }
  }

  /** Makes tables of the undamaged batches of a log. */
  async #log(name: string): Promise<void> {
    const file = await this.#open(name)
    if (file === undefined) return
    const { batches, entries, lastSequence } = await salvageLog(file, {
      memtable: memtable => this.#stage(memtable),
      lost: ({ offset, bytes, reason }) => this.#lose(name, offset, bytes, reason),
    })
    this.#files.push({ file: name, entries, parts: batches })
    this.#lastSequence = Math.max(this.#lastSequence, lastSequence)
  }

  async #stage(memtable: MemTable): Promise<void> {
    const iterator = memtable.iterator()
    await this.#fill(this.#newRun(Number.POSITIVE_INFINITY), async run => {
      for (let move = iterator.seekToFirst(); move !== END; move = iterator.next()) await run.add(iterator)
    })
  }

  /** Makes a table that takes part in the merge. */
  async #fill(run: SortedRun, work: (run: SortedRun) => Promise<unknown>): Promise<void> {
    try {
      await work(run)
      await run.end()
    } catch (error) {
      await run.abandon()
      throw error
    }
    for (const file of run.files) this.#sources.push({ ...file, inTarget: true })
  }

  /** Takes a table in as it is, or, if some of it is damaged, a table of what is not. */
  async #table({ number, name, size, isNewer }: PlannedTable): Promise<void> {
    const lostBefore = this.#lost.length
    let parts = 0
    let entries = 0
    const known = await this.#salvage(name, size, async at => {
      for (let move = at.seekToFirst(); move !== END; move = at.next()) {
        entries++
        this.#lastSequence = Math.max(this.#lastSequence, tagSequence(at.key, at.keyEnd))
      }
      parts++
    })
    this.#files.push({ file: name, entries, parts })
    const lost = this.#lost.slice(lostBefore)
    if (lost.length === 0) {
      if (entries > 0) this.#sources.push({ number, size, largest: NO_KEY, inTarget: false })
      return
    }
    if (entries > 0) {
      await this.#fill(this.#newRun(Number.POSITIVE_INFINITY), run =>
        this.#salvage(name, size, async at => {
          for (let move = at.seekToFirst(); move !== END; move = at.next()) await run.add(at)
        }),
      )
    }
    this.#lost.length = lostBefore
    if (isNewer) this.#notes.push(`${name} is newer than the MANIFEST, and half a table: ${entries} entries were read.`)
    else this.#loseBlocks(lost, { size, entries, known })
  }

  /** Notes what is lost of a table, of which so many entries were found, and so many are known to have been there. */
  #loseBlocks(lost: readonly LostStretch[], table: { size: number; entries: number; known: number | undefined }): void {
    const { size, entries, known } = table
    this.#lost.push(...lost)
    const bytes = lost.reduce((sum, stretch) => sum + stretch.bytes, 0)
    const estimate = Math.round((bytes * entries) / Math.max(1, size - bytes))
    this.#entriesLost += known === undefined ? estimate : Math.max(0, known - entries)
  }

  /** Reads the undamaged blocks of a table; what is lost is noted. */
  async #salvage(name: string, size: number, use: (block: PageIterator) => Promise<void>): Promise<number | undefined> {
    const file = await this.#open(name)
    if (file === undefined) return undefined
    if (file.size < size) this.#lose(name, file.size, size - file.size, 'the file ends too early')
    const iterator = new PageIterator()
    return salvageTable(file, size, this.#read, {
      async block(contents) {
        iterator.open(contents)
        await use(iterator)
      },
      lost: ({ offset, bytes, reason }) => this.#lose(name, offset, bytes, reason),
    })
  }

  async #merge(): Promise<SortedRun> {
    const context = new ReadContext()
    const caches = [this.#source, this.#target].map(directory => new TableCache(directory, OPEN_FILES, this.#read))
    const children = this.#sources.map(table => new LevelIterator([table], caches[Number(table.inTarget)], context))
    const retention = new Retention([Number.MAX_SAFE_INTEGER], () => true)
    const run = this.#newRun(this.#settings.maxTableSize)
    try {
      if (children.length > 0) await this.#copy(new MergingIterator(children), context, retention, run)
      await run.end()
      return run
    } catch (error) {
      await run.abandon()
      throw error
    } finally {
      for (const child of children) child.close()
      for (const cache of caches) await cache.close()
    }
  }

  async #copy(source: MergingIterator, context: ReadContext, retention: Retention, run: SortedRun): Promise<void> {
    const arrive = async (call: () => Move): Promise<Move> => {
      let move = call()
      while (move === MISS) {
        await context.load()
        move = call()
      }
      return move
    }
    let entries = 0
    for (let move = await arrive(() => source.seekToFirst()); move !== END; move = await arrive(() => source.next())) {
      if (retention.keeps(source.key, source.keyStart, source.keyEnd, source.shared)) await run.add(source)
      context.release()
      if (++entries % LOOK === 0) this.#throwIfAborted()
    }
  }

  async #install(versions: VersionSet, { files }: SortedRun): Promise<void> {
    await this.#target.sync()
    for (let number = 0; number < this.#nextNumber; number++) versions.markFileNumberUsed(number)
    const edit = new VersionEdit()
    const level = levelFor(files.reduce((sum, { size }) => sum + size, 0))
    for (const file of files) edit.added.push({ level, file })
    versions.lastSequence = this.#lastSequence
    await versions.startManifest(edit)
    const kept = new Set(files.map(({ number }) => tableFileName(number)))
    for (const { name } of await this.#target.list()) {
      const parsed = parseFileName(name)
      const isSpent = parsed?.kind === 'manifest' && parsed.number !== versions.manifestNumber
      if ((parsed?.kind === 'table' && !kept.has(name)) || isSpent) await this.#target.removeFile(name)
    }
    await this.#target.sync()
  }

  async #removeAll(): Promise<void> {
    for (const { name } of await this.#target.list()) {
      if (parseFileName(name) !== undefined) await this.#target.removeFile(name).catch(() => undefined)
    }
  }

  #newRun(maxTableSize: number): SortedRun {
    return new SortedRun(this.#target, this.#write, maxTableSize, () => this.#nextNumber++)
  }

  async #open(name: string): Promise<ReadableFile | undefined> {
    try {
      const file = await this.#source.openFile(name)
      return new ReadAheadFile(file, bytes => this.#count(name, bytes))
    } catch (error) {
      if (!isDamage(error)) throw error
      this.#lose(name, 0, 0, withoutPlace(error))
      return undefined
    }
  }

  #lose(file: string, offset: number, bytes: number, reason: string): void {
    this.#lost.push({ file, offset, bytes, reason })
  }

  #count(file: string, bytes: number): void {
    this.#bytesRead += bytes
    const bytesTotal = Math.max(this.#bytesTotal, this.#bytesRead)
    this.#settings.onProgress?.({ file, bytesRead: this.#bytesRead, bytesTotal })
    this.#throwIfAborted()
  }

  #throwIfAborted(): void {
    const { signal } = this.#settings
    if (signal?.aborted === true) throw new LsmError('LSM_ABORTED', 'the repair was given up', { cause: signal.reason })
  }

  #report({ manifestRead }: RepairPlan, { files, entries }: SortedRun): RepairReport {
    return {
      target: this.#target.path,
      files: this.#files,
      complete: this.#lost.length === 0,
      lost: this.#lost,
      entriesLost: this.#entriesLost,
      manifestRead,
      notes: this.#notes,
      tables: files.length,
      bytes: files.reduce((sum, { size }) => sum + size, 0),
      entries,
      lastSequence: this.#lastSequence,
    }
  }
}

/** The first level that may hold so many bytes. */
function levelFor(bytes: number): number {
  let level = 1
  for (let most = LEVEL_1; level < 6 && bytes > most; most *= 10) level++
  return level
}
