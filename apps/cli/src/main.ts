#!/usr/bin/env node
/**
 * The `lsm` command: the process around {@link run}.
 */
import { EXIT } from './exit-codes.ts'
import { run } from './run.ts'

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
