/**
 * What is known of tables beyond their place in the tree: how many entries, how many deletions, and how old.
 *
 * The MANIFEST has no room for it; the tables' own properties have. What a job writes is known at once, the rest is read
 * from the tables in the background after the open. Tables of other software have no properties and stay unknown.
 *
 * Does not know levels or strategies.
 */
import type { OutputTable, TableDescription } from '@lsm/compaction'
import type { FileMetadata, Version } from '@lsm/manifest'
import type { TableCache } from '@lsm/sstable'

/** The facts of one table. */
interface Facts {
  readonly entries: number | undefined
  readonly deletions: number | undefined
  readonly largestSequence: number | undefined
  readonly createdAt: number
  /** When the table itself was written; `undefined` where it is older than this open. */
  readonly writtenAt: number | undefined
}

const UNKNOWN: Facts = {
  entries: undefined,
  deletions: undefined,
  largestSequence: undefined,
  createdAt: 0,
  writtenAt: undefined,
}

/** Gathers facts, and describes versions with them. */
export class TableFacts {
  readonly #facts = new Map<number, Facts>()
  /** The last version that was described, and how. */
  #described: { readonly version: Version; readonly levels: readonly (readonly TableDescription[])[] } | undefined

  /** Takes what a job knows of a table that it wrote. */
  note({ number, entries, deletions, largestSequence, createdAt }: OutputTable): void {
    this.#facts.set(number, { entries, deletions, largestSequence, createdAt, writtenAt: Date.now() })
  }

  /** When the oldest data of some tables was written; now, if it is known of none. */
  oldest(tables: readonly TableDescription[], now: number): number {
    const known = tables.map(({ createdAt }) => createdAt ?? 0).filter(createdAt => createdAt > 0)
    return known.length > 0 ? Math.min(...known) : now
  }

  /** The levels of a version as strategies see them. */
  describe(version: Version): readonly (readonly TableDescription[])[] {
    if (this.#described?.version === version) return this.#described.levels
    const levels = version.levels.map(files => files.map(file => this.#describe(file)))
    this.#described = { version, levels }
    return levels
  }

  /** Forgets tables that are in no version any more. */
  forget(live: ReadonlySet<number>): void {
    for (const number of this.#facts.keys()) if (!live.has(number)) this.#facts.delete(number)
  }

  /** Reads the properties of tables of which nothing is known; stops early when the signal fires. */
  async load(version: Version, tables: TableCache, signal: AbortSignal): Promise<void> {
    version.pin()
    try {
      for (const file of version.files()) {
        if (signal.aborted) return
        if (!this.#facts.has(file.number)) this.#facts.set(file.number, await readFacts(file, tables))
      }
    } finally {
      version.unpin()
      this.#described = undefined
    }
  }

  #describe({ number, size, smallest, largest }: FileMetadata): TableDescription {
    return { number, size, smallest, largest, ...(this.#facts.get(number) ?? UNKNOWN) }
  }
}

/** A table that cannot be read is unknown: whoever reads it, or compacts it, gets the error. */
async function readFacts({ number, size }: FileMetadata, tables: TableCache): Promise<Facts> {
  try {
    const properties = await tables.properties(number, size)
    if (properties === undefined) return UNKNOWN
    const { entries, deletions, largestSequence, createdAt } = properties
    return { entries, deletions, largestSequence, createdAt, writtenAt: undefined }
  } catch {
    return UNKNOWN
  }
}
