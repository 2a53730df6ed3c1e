/**
 * What should be rewritten next? The words in which the tree asks and a strategy answers.
 *
 * Plain data in, plain data out: a strategy reads no clock, no disk and no options beyond its own settings, so the same
 * code plans for a database, for a simulation of ten terabytes, and for a drawing in a document.
 */

/** A table as a strategy sees it. */
export interface TableDescription {
  /** Its file number. In level 0, a greater number is newer. */
  readonly number: number
  /** Bytes. */
  readonly size: number
  /** Its first internal key. */
  readonly smallest: Uint8Array
  /** Its last internal key. */
  readonly largest: Uint8Array
  /** Entries, deletions included; `undefined` where it is not known. */
  readonly entries?: number | undefined
  /** Deletions among them. */
  readonly deletions?: number | undefined
  /** The greatest sequence number in it; where it is not known, its deletions count as still needed. */
  readonly largestSequence?: number | undefined
  /** When its oldest data was written, in milliseconds since 1970; 0 where it is not known. */
  readonly createdAt?: number | undefined
  /** When the table itself was written, in milliseconds since 1970; where it is not known, age alone never rewrites it in place. */
  readonly writtenAt?: number | undefined
}

/** Where a running job writes: nothing else may be written into that level between these keys. */
export interface RunningOutput {
  /** The level that the job writes to. */
  readonly level: number
  /** The first internal key of all that the job reads. */
  readonly smallest: Uint8Array
  /** The last internal key of all that the job reads. */
  readonly largest: Uint8Array
}

/** The tree at one moment. */
export interface TreeDescription {
  /** Seven levels. Level 0 newest first, the others by smallest key and without overlap. */
  readonly levels: readonly (readonly TableDescription[])[]
  /** Numbers of tables that a running job reads: a plan must not touch them. */
  readonly busy: ReadonlySet<number>
  /** What the running jobs write (see `outputOf`). Without it a strategy assumes the worst of every busy table. */
  readonly outputs?: readonly RunningOutput[] | undefined
  /** Bytes of each level, if they are at hand; they are added up otherwise. */
  readonly levelBytes?: readonly number[] | undefined
  /** Milliseconds since 1970. */
  readonly now: number
  /** For each level, where its last compaction ended: an internal key. */
  readonly pointers: readonly (Uint8Array | undefined)[]
  /** The oldest sequence number that anybody reads as of: older deletions hide nothing that is read. */
  readonly oldestReader: number
  /** Whether iterators have merged level 0 so often that it would have been cheaper to merge it away. */
  readonly isReadHeavy?: boolean | undefined
}

/** Tables of one level. */
export interface LevelInput {
  /** From 0 to 6. */
  readonly level: number
  /** In the order of the level. */
  readonly tables: readonly TableDescription[]
}

/** Read these tables, merge them, write new ones. */
export interface RewritePlan {
  /** Tells it from the other plans. */
  readonly kind: 'rewrite'
  /** In plain words, for events and `explain`: `level 0 has 5 tables`. */
  readonly reason: string
  /** By level, the smallest first. In level 0 newest first. */
  readonly inputs: readonly LevelInput[]
  /** The level that the outputs go to. */
  readonly outputLevel: number
  /** Bytes at which an output table is closed. */
  readonly maxTableSize: number
  /** Tables of the level below the output that overlap it: an output is closed when it would overlap too many of them. */
  readonly grandparents: readonly TableDescription[]
  /**
   * Tables outside the inputs that may hold older versions of the same keys: deeper levels, or older tables of level 0. A
   * deletion may be forgotten only where none of them covers its key.
   */
  readonly older: readonly LevelInput[]
}

/** Put a table into another level as it is. */
export interface MovePlan {
  /** Tells it from the other plans. */
  readonly kind: 'move'
  /** In plain words, for events. */
  readonly reason: string
  /** The level that it leaves. */
  readonly level: number
  /** The table to move. */
  readonly table: TableDescription
  /** The level that it goes to. */
  readonly outputLevel: number
}

/** Forget tables and what is in them. */
export interface DropPlan {
  /** Tells it from the other plans. */
  readonly kind: 'drop'
  /** In plain words, for events. */
  readonly reason: string
  /** The tables to forget, by level. */
  readonly inputs: readonly LevelInput[]
}

/** What to do next. */
export type Plan = RewritePlan | MovePlan | DropPlan

/** Decides what is rewritten, and when. Pure. */
export interface Strategy {
  /** `leveled`, `tiered`, `fifo`, or the name of your own. */
  readonly name: string
  /** Whether levels 1 to 6 are used, as LevelDB does: level 0 alone otherwise. */
  readonly usesLevels: boolean
  /** The next thing to do that touches no busy table; `undefined` if there is nothing. */
  plan(tree: TreeDescription): Plan | undefined
  /** How urgent each level is: 1 and more asks for work. */
  scores(tree: TreeDescription): number[]
  /** Bytes that must be rewritten until the tree is in shape: what write stalls are decided by. */
  pendingBytes(tree: TreeDescription): number
  /**
   * The next step of compacting a range by hand: called again after each step until `undefined`. `done` holds the numbers of
   * tables that steps of the same call have written.
   *
   * @param begin - first user key, or `undefined` from the start.
   * @param end - last user key, or `undefined` to the end.
   */
  planRange(
    tree: TreeDescription,
    begin: Uint8Array | undefined,
    end: Uint8Array | undefined,
    done: ReadonlySet<number>,
  ): Plan | undefined
}
