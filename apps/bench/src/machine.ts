/**
 * Where it was measured.
 */
import { cpus, totalmem } from 'node:os'

/** What results depend on. */
export interface Machine {
  readonly date: string
  readonly node: string
  readonly system: string
  readonly processors: string
  readonly memory: string
}

/** This machine, now. */
export function thisMachine(): Machine {
  const models = cpus().map(({ model }) => model)
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.versions.node,
    system: `${process.platform} ${process.arch}`,
    processors: `${models.length} × ${models[0] ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
  }
}
