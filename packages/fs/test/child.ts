/**
 * Child processes for tests of what happens between processes.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A child that is told things and answers each. */
export class Child {
  readonly process: ChildProcess

  private constructor(process: ChildProcess) {
    this.process = process
  }

  /** Starts a script; returns it with its first answer. */
  static async start(script: URL, args: string[] = []): Promise<[Child, Record<string, unknown>]> {
    const child = new Child(fork(fileURLToPath(script), args, { execArgv: [] }))
    return [child, await child.#answer()]
  }

  async ask(message: object): Promise<Record<string, unknown>> {
    const answer = this.#answer()
    this.process.send(message)
    return answer
  }

  /** Ends it as nothing can prevent. */
  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return
    const ended = once(this.process, 'exit')
    this.process.kill('SIGKILL')
    await ended
  }

  /** Tells it to end by itself. */
  async end(): Promise<void> {
    const ended = once(this.process, 'exit')
    this.process.send({})
    await ended
  }

  async #answer(): Promise<Record<string, unknown>> {
    const [answer] = (await once(this.process, 'message')) as [Record<string, unknown>]
    return answer
  }
}
