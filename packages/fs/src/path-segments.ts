/**
 * Paths of file systems that live in memory.
 */

/** The names on the way to a directory; `..` goes back, and not above the root. */
export function pathSegments(path: string): string[] {
  const names: string[] = []
  for (const name of path.split('/')) {
    if (name === '..') names.pop()
    else if (name !== '' && name !== '.') names.push(name)
  }
  return names
}
