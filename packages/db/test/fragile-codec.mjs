/** Snappy, but in a worker thread it ends the thread as long as a file, the fuse, is there; a fuse for once is burnt by that. */
import { SNAPPY } from '@lsm/sstable'
import { existsSync, rmSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

export function fragile({ fuse, once }) {
  return {
    ...SNAPPY,
    id: 77,
    name: 'fragile',
    compress(source, start, end) {
      if (!isMainThread && existsSync(fuse)) {
        if (once) rmSync(fuse)
        process.exit(3)
      }
      return SNAPPY.compress(source, start, end)
    },
    module: { url: import.meta.url, export: 'fragile', argument: { fuse, once } },
  }
}
