/** A directory that notes, in order, what is done to what is on disk, and whose syncs fail when told to. */
import type { Directory, WritableFile } from '@lsm/base'

/** Wraps a directory; `steps` grows with each change. */
export function watched(inner: Directory, steps: string[], failing: { sync?: Error } = {}): Directory {
  return {
    path: inner.path,
    list: () => inner.list(),
    openFile: name => inner.openFile(name),
    replaceFile: (name, bytes) => inner.replaceFile(name, bytes),
    lock: name => inner.lock(name),
    close: () => inner.close(),
    async createFile(name) {
      steps.push(`create ${name}`)
      return watchedFile(await inner.createFile(name), steps, failing)
    },
    async removeFile(name) {
      steps.push(`remove ${name}`)
      await inner.removeFile(name)
    },
    syncFile: name => inner.syncFile(name),
    async sync() {
      steps.push('sync directory')
      await inner.sync()
    },
  }
}

function watchedFile(inner: WritableFile, steps: string[], failing: { sync?: Error }): WritableFile {
  return {
    name: inner.name,
    get size() {
      return inner.size
    },
    append(bytes, start, end) {
      steps.push(`append ${inner.name}`)
      inner.append(bytes, start, end)
    },
    async sync() {
      steps.push(`sync ${inner.name}`)
      if (failing.sync !== undefined) throw failing.sync
      await inner.sync()
    },
    async close() {
      steps.push(`close ${inner.name}`)
      await inner.close()
    },
  }
}
