/**
 * Compiles the kernel and puts it into `src/generated/`, as text, so that the package needs no file at run time. Does nothing
 * where it is up to date.
 *
 *     node packages/sstable/kernel/build.mjs
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'

const SOURCE = 'block-kernel.ts'
const sources = new Map(
  readdirSync(new URL('.', import.meta.url))
    .filter(name => name.endsWith('.ts'))
    .sort()
    .map(name => [name, readFileSync(new URL(name, import.meta.url), 'utf8')]),
)
const target = new URL('../src/generated/block-kernel-code.ts', import.meta.url)
const settings = ['build.mjs', '../package.json'].map(name => readFileSync(new URL(name, import.meta.url), 'utf8'))
const digest = createHash('sha256')
  .update([...sources.values(), ...settings].join('\0'))
  .digest('hex')

if (!existsSync(target) || !readFileSync(target, 'utf8').includes(digest)) {
  const code = await compile()
  mkdirSync(new URL('.', target), { recursive: true })
  // Renamed into place, so that a build beside this one never sees half of it.
  const draft = new URL(`block-kernel-code.${process.pid}.tmp`, target)
  writeFileSync(draft, module(code))
  renameSync(draft, target)
}

/** WebAssembly of 1.5 MiB of memory, neither more nor less. */
async function compile() {
  const { default: asc } = await import('assemblyscript/asc')
  let binary
  let messages = ''
  const { error } = await asc.main(
    [
      SOURCE,
      '-O3',
      '--converge',
      '--noAssert',
      '--runtime',
      'stub',
      '--initialMemory',
      '24',
      '--maximumMemory',
      '24',
      '-o',
      'kernel.wasm',
    ],
    {
      readFile: name => sources.get(name) ?? null,
      writeFile: (_, contents) => (binary = contents),
      listFiles: () => [],
      stderr: { write: text => (messages += text) },
    },
  )
  if (error) throw new Error(`the kernel does not compile: ${messages}`, { cause: error })
  return Buffer.from(binary)
}

function module(code) {
  return [
    '/** Compiled from `kernel/block-kernel.ts` by `kernel/build.mjs`; not to be edited. */',
    `// ${digest}`,
    '',
    '/** The module, in base64. */',
    `export const BLOCK_KERNEL_CODE: string =\n  '${code.toString('base64')}'`,
    '',
  ].join('\n')
}
