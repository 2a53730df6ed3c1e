/**
 * What a reader of a log tells: whole records, what lies damaged between them, and how the log ended.
 *
 * Does not judge: whether damage is a loss, and whether what lies behind it counts, depends on what the records mean.
 */

/** A range of a log that holds no whole record. */
export interface LogDamage {
  /** The file's name inside its directory. */
  readonly file: string
  /** Where the range begins. */
  readonly offset: number
  /** How long it is. */
  readonly bytes: number
  /** What was found wrong first, in plain words. */
  readonly reason: string
  /** Whether this is what a crash leaves at the end of a file: no record of this log begins intact behind it. */
  readonly tail: boolean
}

/** Takes what is found in a log, in the order of the file. What it throws ends the reading. */
export interface LogVisitor {
  /**
   * A whole record: `bytes[start, end)`, valid during the call only. `offset` is where its first fragment begins.
   *
   * @returns `false` to stop reading.
   */
  record(bytes: Uint8Array, start: number, end: number, offset: number): boolean | void
  /**
   * A damaged range. Unless it is a tail, records follow.
   *
   * @returns `false` to stop reading.
   */
  dropped(damage: LogDamage): boolean | void
  /**
   * Whether a record that was found intact in what is dropped may be one of this log: a disk that lost power may show, where
   * nothing was synced, what another file once had there. Without this method it may. `bytes[start, end)` is the record.
   */
  mayBelong?(bytes: Uint8Array, start: number, end: number): boolean
}

/** How a log ended. */
export interface LogEnd {
  /** Bytes in the file. */
  readonly bytes: number
  /** Whole records handed to the visitor. */
  readonly records: number
  /** The offset after the last whole record. */
  readonly validEnd: number
  /** How many of the last bytes are zeros that were never written to. */
  readonly zeros: number
  /** Whether the file was read to its end and nothing was dropped. */
  readonly clean: boolean
}
