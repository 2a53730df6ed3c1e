/**
 * Which versions are at work.
 */
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** The version of this package, or of one that it depends on. */
export function versionOf(name: '@lsm/cli' | '@lsm/db'): string {
  const path = name === '@lsm/cli' ? '../package.json' : `${name}/package.json`
  return (require(path) as { readonly version: string }).version
}

/** What `lsm --version` prints. */
export function versions(): string {
  return `lsm ${versionOf('@lsm/cli')} (engine @lsm/db ${versionOf('@lsm/db')}, Node ${process.version})\n`
}
