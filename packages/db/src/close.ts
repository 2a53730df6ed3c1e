/**
 * How a database ends.
 *
 *     what was written is made safe (see `close-writer`) ─▶ MANIFEST and tables are closed ─▶ the lock is released
 *
 * Every step is tried, whatever became of the others; the first failure is the caller's.
 */
import type { Engine } from './open.ts'

/** Steps that are all tried. */
export class Attempts {
  readonly #failures: unknown[] = []

  /** Whether none has failed so far. */
  get wentWell(): boolean {
    return this.#failures.length === 0
  }

  /** Takes a step; keeps its failure. */
  async try(step: () => Promise<void> | undefined): Promise<void> {
    try {
      await step()
    } catch (error) {
      this.#failures.push(error)
    }
  }

  /** Throws the first failure, if there is one. */
  end(): void {
    if (this.#failures.length > 0) throw this.#failures[0]
  }
}

/** Ends everything that an engine has going. */
export async function closeEngine(engine: Engine): Promise<void> {
  const { directory, versions, tables, writer } = engine
  const attempts = new Attempts()
  await attempts.try(() => writer?.close(engine))
  await attempts.try(() => versions.close())
  await attempts.try(() => tables.close())
  await attempts.try(() => writer?.lock.release())
  await attempts.try(() => directory.close())
  attempts.end()
}
