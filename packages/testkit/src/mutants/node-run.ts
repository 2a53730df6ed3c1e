/**
 * Breaks the engine in one small way after the other, and tells which of them the tests do not notice.
 *
 *     node packages/testkit/dist/mutants/node-run.js            all
 *     … --quick                                                 some, others each day: for each run of the checks
 *     … fsync lock                                              those with one of these words in their names
 *
 *     workspace ──copy──▶ temporary folder ─▶ tests as they are: must pass
 *                                           ─▶ one mutant in, its tests, mutant out: must fail     … for each mutant
 *
 * 1. The workspace itself is only read. The copy leads to its installed packages by symbolic links.
 * 2. A mutant is put into the source and, transpiled alone, into what is built of it: tests import either.
 * 3. A mutant is killed when a test fails or hangs; one that does not apply, or does not compile, counts as survived.
 *
 * Ends with code 1 if one has survived.
 */
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import ts from 'typescript'

import { DURABILITY } from './durability.ts'
import type { Mutant } from './mutant.ts'
import { PARSING } from './parsing.ts'

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url))

/** Milliseconds after which tests count as hanging. */
const PATIENCE = 120_000
/** Milliseconds that all tests may take where nothing is broken. */
const LONG_PATIENCE = 900_000
/** Mutants of a quick run. */
const QUICK = 6

/** Little of what takes long: a breakage shows soon, or not at all. */
const SETTINGS = { LSM_CRASHES: '6000', LSM_FUZZ_SECONDS: '1', LSM_SHRINK: '0', NO_COLOR: '1', CI: 'true' }

/** How a mutant fared. */
type Verdict = 'killed' | 'SURVIVED' | 'DOES NOT APPLY'

main(process.argv.slice(2))

function main(words: readonly string[]): void {
  const mutants = chosen([...DURABILITY, ...PARSING], words)
  const copy = mkdtempSync(join(tmpdir(), 'lsm-mutants-'))
  // A run that is broken off must not leave its copy behind either.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))
  process.once('exit', () => rmSync(copy, { recursive: true, force: true }))
  copyWorkspace(copy)
  checkUnbroken(copy, mutants)
  const survivors = mutants.filter(mutant => tried(copy, mutant) !== 'killed')
  process.stdout.write(`${mutants.length - survivors.length} of ${mutants.length} mutants were killed\n`)
  process.exitCode = survivors.length > 0 ? 1 : 0
}

function chosen(all: readonly Mutant[], words: readonly string[]): readonly Mutant[] {
  if (words.includes('--quick')) {
    const step = Math.ceil(all.length / QUICK)
    const today = Math.floor(Date.now() / 86_400_000) % step
    return all.filter((_, i) => i % step === today)
  }
  const found = all.filter(({ name }) => words.length === 0 || words.some(word => name.includes(word)))
  if (found.length === 0) throw new Error(`no mutant has one of these words in its name: ${words.join(', ')}`)
  return found
}

/** Copies the packages, and leads to what is installed. */
function copyWorkspace(copy: string): void {
  for (const name of ['package.json', 'vitest.config.ts', 'tsconfig.base.json'])
    cpSync(join(ROOT, name), join(copy, name))
  cpSync(join(ROOT, 'packages'), join(copy, 'packages'), {
    recursive: true,
    // Links between the packages stay relative, and so lead from copy to copy.
    verbatimSymlinks: true,
    filter: source => !/\/node_modules\/\.vite/.test(source),
  })
  mkdirSync(join(copy, 'apps'))
  mkdirSync(join(copy, 'node_modules'))
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (!/^\.(vite|cache)/.test(name)) symlinkSync(join(ROOT, 'node_modules', name), join(copy, 'node_modules', name))
  }
}

/** The tests must pass where nothing is broken, or their failure would tell nothing. */
function checkUnbroken(copy: string, mutants: readonly Mutant[]): void {
  const tests = new Set(mutants.flatMap(mutant => mutant.tests))
  const output = failureOf(copy, [...tests], LONG_PATIENCE)
  if (output !== undefined) throw new Error(`tests fail although nothing is broken:\n${output}`)
}

/** Puts a mutant in, runs its tests, and takes it out. */
function tried(copy: string, mutant: Mutant): Verdict {
  const start = performance.now()
  const verdict = verdictOn(copy, mutant)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  process.stdout.write(`${verdict.padEnd(9)} ${seconds.padStart(5)} s  ${mutant.name}\n`)
  if (verdict !== 'killed') process.stdout.write(`          ${mutant.file}: ${mutant.because}\n`)
  return verdict
}

function verdictOn(copy: string, { file, from, to, tests }: Mutant): Verdict {
  const source = join(copy, file)
  const built = join(copy, file.replace('/src/', '/dist/').replace(/\.ts$/, '.js'))
  const [text, code] = [readFileSync(source, 'utf8'), readFileSync(built, 'utf8')]
  if (text.split(from).length !== 2) return 'DOES NOT APPLY'
  const broken = text.split(from).join(to)
  const { outputText, diagnostics = [] } = ts.transpileModule(broken, {
    // Of a kind by its name: taken for CommonJS, it would load copies of its own of what it imports.
    fileName: file.replace(/\.ts$/, '.mts'),
    compilerOptions: settings(),
    reportDiagnostics: true,
  })
  if (diagnostics.length > 0) return 'DOES NOT APPLY'
  try {
    writeFileSync(source, broken)
    writeFileSync(built, outputText)
    return failureOf(copy, tests) === undefined ? 'SURVIVED' : 'killed'
  } finally {
    writeFileSync(source, text)
    writeFileSync(built, code)
  }
}

/** The compiler's settings, for one file alone. */
function settings(): ts.CompilerOptions {
  const text = readFileSync(join(ROOT, 'tsconfig.base.json'), 'utf8')
  const { compilerOptions } = JSON.parse(text) as { compilerOptions: object }
  const { options } = ts.convertCompilerOptionsFromJson(compilerOptions, ROOT)
  return { ...options, composite: false, declaration: false, declarationMap: false, isolatedDeclarations: false }
}

/** Runs tests until one fails; what was printed if one does, or hangs. */
function failureOf(copy: string, tests: readonly string[], patience: number = PATIENCE): string | undefined {
  for (const test of tests) if (!existsSync(join(copy, test))) throw new Error(`there is no ${test}`)
  const vitest = join(copy, 'node_modules', 'vitest', 'vitest.mjs')
  const { status, stdout, stderr } = spawnSync(process.execPath, [vitest, 'run', '--bail', '1', ...tests], {
    cwd: copy,
    env: { ...process.env, ...SETTINGS },
    encoding: 'utf8',
    timeout: patience,
    killSignal: 'SIGKILL',
    maxBuffer: 1 << 28,
  })
  return status === 0 ? undefined : `${stdout}\n${stderr}`
}
