/**
 * One database, opened when the first command needs it and closed at the end.
 *
 * 1. A single reading command opens read-only: it changes nothing, takes no lock and works beside a writer.
 * 2. The prompt and scripts keep the database open, and locked, from the first command that needs it.
 * 3. Only commands that create, or `--create`, make a database where there is none.
 * 4. Nothing is dropped by a limit that nobody has named: compaction by age and size needs `--fifo-max`.
 */
import { LsmError } from '@lsm/base'
import type { OpenOptions } from '@lsm/db'

import type { EngineSettings, Settings } from './arguments.ts'
import type { Access, ByteDatabase } from './commands/command.ts'
import type { StrategyName } from './commands/options.ts'
import { UsageError } from './failure.ts'

/** Attempts to open a database read-only that another process may be changing at that moment. */
const ATTEMPTS = 3

/** The database of one run of the program. */
export class Session {
  readonly #settings: Settings
  readonly #keepOpen: boolean
  #database: ByteDatabase | undefined

  /** @param keepOpen - whether several commands will follow each other. */
  constructor(settings: Settings, keepOpen: boolean) {
    this.#settings = settings
    this.#keepOpen = keepOpen
  }

  /** The directory of the database. */
  get directory(): string {
    return this.#settings.directory
  }

  /** How the program was told to compact, if it was. */
  get strategy(): StrategyName | undefined {
    return this.#settings.engine.strategy
  }

  /** Whether writing was ruled out. */
  get readOnly(): boolean {
    return this.#settings.readOnly
  }

  /** The database, opened if it is not open. */
  async open(access: Access): Promise<ByteDatabase> {
    const { readOnly, create } = this.#settings
    if (access !== 'read' && readOnly) {
      throw new LsmError('LSM_READ_ONLY', 'this command writes, and --read-only was given; nothing was changed')
    }
    if (this.#database !== undefined) return this.#database
    const looksOnly = readOnly || (access === 'read' && !this.#keepOpen && !create)
    this.#database = looksOnly
      ? await openToRead(this.directory)
      : await this.#openToWrite(create || access === 'create')
    return this.#database
  }

  /** Closes the database, if it is open. */
  async close(): Promise<void> {
    const database = this.#database
    this.#database = undefined
    await database?.close()
  }

  async #openToWrite(createIfMissing: boolean): Promise<ByteDatabase> {
    return openFiles(this.directory, { createIfMissing, ...this.#engineSettings() })
  }

  #engineSettings(): EngineSettings {
    const { engine } = this.#settings
    if (engine.strategy !== 'fifo' || engine.fifoMaxBytes !== undefined) return engine
    throw new UsageError('--strategy fifo drops the oldest data: say beyond which size, with --fifo-max')
  }
}

/**
 * Opens a database to read it: nothing is changed, and no lock is taken. A writer may replace files between two looks at
 * the directory; then a second look finds things in order.
 */
export async function openToRead(directory: string): Promise<ByteDatabase> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await openFiles(directory, { readOnly: true, createIfMissing: false })
    } catch (error) {
      const mayPass = error instanceof LsmError && error.code === 'LSM_CORRUPTION'
      if (!mayPass || attempt === ATTEMPTS) throw error
    }
  }
}

async function openFiles(directory: string, options: OpenOptions): Promise<ByteDatabase> {
  // The engine is loaded only where a database is opened.
  const { Database } = await import('@lsm/db/lazy')
  try {
    return await Database.open(directory, { ...options, keyEncoding: 'view', valueEncoding: 'view' })
  } catch (error) {
    if (!(error instanceof LsmError) || error.code !== 'LSM_NOT_FOUND') throw error
    const message = `there is no database in ${directory}; "put" and "batch" create one, and so does --create`
    throw new LsmError('LSM_NOT_FOUND', message, { cause: error })
  }
}
