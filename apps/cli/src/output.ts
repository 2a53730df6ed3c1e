/**
 * Where output goes. Data goes to standard output, everything else to standard error.
 *
 * 1. Small writes are gathered; `flush` hands them on and waits until the stream has taken them.
 * 2. A reader that has gone away ends the writing with {@link BrokenPipe}.
 * 3. Colour, tables and lines that are rewritten are for terminals only, and `NO_COLOR` is honoured.
 */
import { styleText } from 'node:util'

import { BrokenPipe, systemReason } from './failure.ts'

/** A stream that may be a terminal. */
export type OutputStream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }

/** Characters after which gathered output is handed on. */
const GATHERED = 64 * 1024

const LINE_END = Buffer.from('\n')

/** Columns, where the terminal does not say, or says none. */
const WIDTH = 80

/** Back to the beginning of the line, and away with what is on it. */
const ERASE = '\r\x1b[K'

/** Standard output and standard error of one run. */
export class Output {
  /** Whether data goes to a person. */
  readonly terminal: boolean
  readonly #stdout: OutputStream
  readonly #stderr: OutputStream
  readonly #colours: boolean
  readonly #errorColours: boolean
  /** Whether lines of standard error can be rewritten. */
  readonly #rewrites: boolean
  #gathered = ''
  /** Whether a line stands there that is to be rewritten. */
  #inProgress = false

  constructor(stdout: OutputStream, stderr: OutputStream, env: NodeJS.ProcessEnv) {
    this.terminal = stdout.isTTY === true
    this.#stdout = stdout
    this.#stderr = stderr
    const wanted = (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
    this.#colours = wanted && this.terminal
    this.#errorColours = wanted && stderr.isTTY === true
    this.#rewrites = env['TERM'] !== 'dumb' && stderr.isTTY === true
    // Failures are reported to the one who writes; without a listener they would end the process first.
    stdout.on('error', () => {})
    stderr.on('error', () => {})
  }

  /** Columns of the terminal. */
  get width(): number {
    return widthOf(this.#stdout)
  }

  /** Writes text. */
  async write(text: string): Promise<void> {
    this.#gathered += text
    if (this.#gathered.length >= GATHERED) await this.flush()
  }

  /** Writes bytes as they are. */
  async writeBytes(bytes: Uint8Array): Promise<void> {
    await this.flush()
    await this.#send(bytes)
  }

  /** Writes bytes as they are and a line end, in one piece. */
  async writeLine(bytes: Uint8Array): Promise<void> {
    await this.writeBytes(Buffer.concat([bytes, LINE_END]))
  }

  /** Hands on what was gathered. */
  async flush(): Promise<void> {
    const text = this.#gathered
    this.#gathered = ''
    if (text !== '') await this.#send(text)
  }

  /** Writes a line to standard error. */
  say(line: string): void {
    this.progress('')
    this.#stderr.write(`${line}\n`)
  }

  /** Shows a line on standard error that whatever comes next replaces; on a terminal only. An empty one takes it away. */
  progress(line: string): void {
    if (!this.#rewrites || (line === '' && !this.#inProgress)) return
    // In the last column some terminals would go on to the next line.
    this.#stderr.write(ERASE + line.slice(0, widthOf(this.#stderr) - 1))
    this.#inProgress = line !== ''
  }

  /** Reports a failure on standard error. */
  complain(message: string): void {
    this.say(`${this.#errorColours ? paint('red', 'lsm:') : 'lsm:'} ${message}`)
  }

  /** Text for standard output that should stand out. */
  bold(text: string): string {
    return this.#colours ? paint('bold', text) : text
  }

  /** Text for standard error that should stand back. */
  dim(text: string): string {
    return this.#errorColours ? paint('dim', text) : text
  }

  #send(data: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stdout.write(data, (error?: NodeJS.ErrnoException | null) => {
        if (error === undefined || error === null) resolve()
        else reject(error.code === 'EPIPE' ? new BrokenPipe() : unwritten(error))
      })
    })
  }
}

function widthOf({ columns = 0 }: OutputStream): number {
  return columns > 0 ? columns : WIDTH
}

function unwritten(error: Error): Error {
  return new Error(`could not write to standard output: ${systemReason(error)}`, { cause: error })
}

function paint(format: 'bold' | 'dim' | 'red', text: string): string {
  return styleText(format, text, { validateStream: false })
}
