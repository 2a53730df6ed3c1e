/**
 * Every example that a reader may copy is run: the ```ts blocks of READMEs, guides and docstrings. Each runs in an empty
 * folder against the built packages, must end well, and must print what its comments behind `console.log` say.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const run = promisify(execFile)

interface Example {
  readonly place: string
  readonly code: string
}

let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lsm-examples-'))
  mkdirSync(join(folder, 'node_modules', '@lsm'), { recursive: true })
  for (const path of folders('packages')) symlinkSync(path, join(folder, 'node_modules', '@lsm', basename(path)))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('examples run and print what they say', () => {
  test.each(examples())('$place', async ({ place, code }) => {
    const workplace = mkdtempSync(join(folder, 'run-'))
    const file = join(workplace, 'example.mjs')
    const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext }
    writeFileSync(file, ts.transpileModule(code, { compilerOptions: options }).outputText)
    const { stdout } = await run(process.execPath, [file], { cwd: workplace, timeout: 30_000 })
    const printed = normal(stdout)
    for (const expected of expectations(code)) expect(printed, place).toContain(expected)
  })
})

function examples(): Example[] {
  const paths = ['README.md', ...filesBelow('packages'), ...filesBelow('apps')]
  return paths
    .filter(
      path => path.endsWith('.md') || (path.endsWith('.ts') && path.includes('/src/') && !path.endsWith('.test.ts')),
    )
    .filter(path => basename(path) !== 'CHANGELOG.md')
    .flatMap(path => blocks(path, readFileSync(join(root, path), 'utf8')))
}

/** The ```ts blocks of a document, or of the docstrings in a source file. */
function blocks(path: string, contents: string): Example[] {
  const text = path.endsWith('.ts') ? contents.replaceAll(/^ *\* ?/gm, '') : contents
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(match => {
    const line = text.slice(0, match.index).split('\n').length
    return { place: `${path}:${line}`, code: match[1] }
  })
}

/** What the comments behind `console.log` promise. */
function expectations(code: string): string[] {
  return [...code.matchAll(/console\.log\(.*\) \/\/ (.+)$/gm)].map(match => normal(match[1]))
}

/** Lines become a list, so that a comment can name the output of a loop: `a 1, b 2`. */
function normal(output: string): string {
  return output
    .trim()
    .replaceAll(/\s*\n\s*/g, ', ')
    .replaceAll(/\s+/g, ' ')
}

function folders(parent: string): string[] {
  return readdirSync(join(root, parent)).map(name => join(root, parent, name))
}

/** Paths of the project's own files below a folder. */
function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = `${folder}/${entry.name}`
    if (entry.isFile()) return [path]
    return entry.isDirectory() && entry.name !== 'node_modules' && entry.name !== 'dist' ? filesBelow(path) : []
  })
}
