#!/usr/bin/env node
/**
 * The `lsm` command: the process around {@link run}.
 */
import * as module from 'node:module'

import { EXIT } from './exit-codes.ts'

// Where Node can keep what it has compiled, the next run need not compile it again: so nothing more is loaded before.
;(module as { readonly enableCompileCache?: () => unknown }).enableCompileCache?.()
const { run } = await import('./run.ts')

const interrupt = new AbortController()

process.on('SIGINT', () => {
  // The first one asks for an orderly end; whoever cannot wait for that presses again.
  if (interrupt.signal.aborted) process.exit(EXIT.interrupted)
  interrupt.abort()
  process.stdin.destroy()
})

process.exitCode = await run(process.argv.slice(2), {
  // Node makes the stream when it is first asked for, which takes milliseconds that most commands can do without.
  get stdin() {
    return process.stdin
  },
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  interrupt: interrupt.signal,
})
