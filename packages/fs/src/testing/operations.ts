/**
 * The operations of one file system, numbered from 1 on in the order in which they took effect.
 *
 *     1 mkdir store   2 create 000001.log   3 append 000001.log +120   4 sync 000001.log   …
 *
 * 1. A call is one operation, but for `replaceFile`, which is what it is made of: create, append, sync and rename of a
 *    temporary file, then the sync of the new name. Power can be lost between any two.
 * 2. Reads have numbers too, so that they can be made to fail; only operations that change something are points at which
 *    a crash leaves something new.
 * 3. An operation that was made to fail has a number, and changes nothing unless it says so.
 */

/** What an operation does. */
export type OperationKind =
  | 'mkdir'
  | 'rmdir'
  | 'create'
  | 'append'
  | 'sync'
  | 'close'
  | 'rename'
  | 'remove'
  | 'sync-directory'
  | 'list'
  | 'open'
  | 'read'

/** One operation. */
export interface Operation {
  /** Counted from 1. */
  readonly number: number
  /** What it does. */
  readonly kind: OperationKind
  /** The file's name inside its directory, or the directory's path. */
  readonly file: string
  /** Bytes appended or asked for; 0 for the rest. */
  readonly bytes: number
}

const CHANGING: ReadonlySet<OperationKind> = new Set([
  'mkdir',
  'rmdir',
  'create',
  'append',
  'sync',
  'rename',
  'remove',
  'sync-directory',
])

/** Whether an operation changes what a crash leaves. */
export function isChange({ kind }: Operation): boolean {
  return CHANGING.has(kind)
}

/** One operation as text: `4 sync 000001.log`. */
export function describeOperation({ number, kind, file, bytes }: Operation): string {
  return `${number} ${kind} ${file}${bytes > 0 ? ` +${bytes}` : ''}`
}
