/**
 * Making in this thread what was made in another one.
 */
import { LsmError, type ModuleReference } from '@lsm/base'
import type { Codec, FilterPolicy } from '@lsm/sstable'
import { CodecRegistry, DEFAULT_CODECS } from '@lsm/sstable/reading'

import type { TableComponents } from './table-settings.ts'

/** The code of {@link TableComponents} as plain data. What every thread has by itself is not in it. */
export interface ComponentReferences {
  readonly codecs: readonly ModuleReference[]
  readonly filters: readonly ModuleReference[]
}

/** The components as plain data, or in plain words why they cannot be. */
export function referencesTo({ codecs, filters }: TableComponents): ComponentReferences | string {
  const references = { codecs: [] as ModuleReference[], filters: [] as ModuleReference[] }
  for (const name of codecs.names) {
    const codec = codecs.byName(name)
    if (codec === undefined || DEFAULT_CODECS.includes(codec)) continue
    if (codec.module === undefined) return `the codec '${name}' has no module that another thread could load`
    references.codecs.push(codec.module)
  }
  for (const { metaName, module } of filters) {
    if (module === undefined) return `the filter policy '${metaName}' has no module that another thread could load`
    references.filters.push(module)
  }
  return references
}

/** The components that were referred to. */
export async function componentsOf({ codecs, filters }: ComponentReferences): Promise<TableComponents> {
  return {
    codecs: new CodecRegistry([...DEFAULT_CODECS, ...(await Promise.all(codecs.map(fromModule<Codec>)))]),
    filters: await Promise.all(filters.map(fromModule<FilterPolicy>)),
  }
}

/**
 * Imports the module and calls the function.
 *
 * @throws LsmError `LSM_NOT_SUPPORTED` if there is no such module, or no such function in it.
 */
export async function fromModule<Thing>(reference: ModuleReference): Promise<Thing> {
  const module = await load(reference.url)
  const make = module[reference.export]
  if (typeof make !== 'function') {
    throw new LsmError('LSM_NOT_SUPPORTED', `${reference.url} exports no function ${reference.export}`)
  }
  return make(reference.argument) as Thing
}

async function load(url: string): Promise<Record<string, unknown>> {
  try {
    return (await import(url)) as Record<string, unknown>
  } catch (cause) {
    throw new LsmError('LSM_NOT_SUPPORTED', `the module ${url} could not be loaded into another thread`, { cause })
  }
}
