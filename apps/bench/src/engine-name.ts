/**
 * Which database at which settings: `lsm`, or `lsm:workers=2,compression=none`.
 */
import { DRIVERS } from './drivers/index.ts'

/** A driver's name and the options that its database is opened with. */
export interface Engine {
  /** As it was given; names the engine in results. */
  readonly label: string
  readonly driver: string
  readonly options: Readonly<Record<string, unknown>>
}

/** Reads an engine's name; throws `TypeError` for an unknown driver or an option without a value. */
export function parseEngine(label: string): Engine {
  const [driver, settings = ''] = label.split(':', 2)
  if (!DRIVERS.has(driver)) throw new TypeError(`no engine '${driver}'; there are ${[...DRIVERS.keys()].join(', ')}`)
  const options = settings.split(',').filter(Boolean).map(parseOption)
  return { label, driver, options: Object.fromEntries(options) }
}

function parseOption(text: string): [string, unknown] {
  const [name, value, ...rest] = text.split('=')
  if (value === undefined || rest.length > 0) throw new TypeError(`'${text}' is no setting; write name=value`)
  if (/^\d+$/.test(value)) return [name, Number(value)]
  return [name, value === 'true' ? true : value === 'false' ? false : value]
}
