/** Codecs for worker threads, some of which do harm. */
import { SNAPPY } from '@lsm/sstable'

/** Snappy under another name, so that it must be loaded. */
export function renamed(name) {
  return { ...SNAPPY, id: 9, name }
}

/** Ends the thread. */
export function exiting() {
  return { ...SNAPPY, id: 10, name: 'exiting', compress: () => process.exit(3) }
}

/** Throws what is no error of ours. */
export function throwing() {
  return {
    ...SNAPPY,
    id: 11,
    name: 'throwing',
    compress() {
      throw new RangeError('out of paper')
    },
  }
}

/** Ends the thread by an error that nobody catches. */
export function crashing() {
  return {
    ...SNAPPY,
    id: 12,
    name: 'crashing',
    compress() {
      setImmediate(() => {
        throw new Error('crashed')
      })
      return undefined
    },
  }
}
