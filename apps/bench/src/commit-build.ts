/**
 * A commit of this repository, built in a worktree of its own.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The built commit; its worktree goes when it is disposed of. */
export interface CommitBuild extends AsyncDisposable {
  /** File of its engine, to be imported. */
  readonly module: string
}

/** Checks a commit out into a directory that does not exist, installs and builds its engine. */
export async function buildCommit(revision: string, directory: string): Promise<CommitBuild> {
  await run('git', ['worktree', 'add', '--detach', directory, revision])
  const built: CommitBuild = {
    module: join(directory, 'packages/db/dist/index.js'),
    async [Symbol.asyncDispose]() {
      await run('git', ['worktree', 'remove', '--force', directory])
    },
  }
  try {
    const install = ['install', '--frozen-lockfile', '--prefer-offline', '--ignore-scripts']
    await run('npx', ['--yes', await packageManager(), ...install], { cwd: directory, maxBuffer: MEGABYTES })
    await run('npx', ['--yes', await packageManager(), 'run', 'build'], { cwd: directory, maxBuffer: MEGABYTES })
    return built
  } catch (error) {
    await built[Symbol.asyncDispose]()
    throw error
  }
}

const MEGABYTES = 64 * 1024 * 1024

/** The version of pnpm that this repository names. */
async function packageManager(): Promise<string> {
  const text = await readFile(new URL('../../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { packageManager: string }).packageManager
}
