/**
 * How a job writes its tables, as plain data that can cross to a worker, and the components that its names stand for.
 */
import { LsmError } from '@lsm/base'
import type { Codec, CodecRegistry, FilterPolicy, TableBuilderOptions } from '@lsm/sstable'

/** Settings of the tables that a job writes. Plain data. */
export interface TableSettings {
  /** Bytes of entries after which a block is closed. */
  readonly blockSize: number
  /** Entries between two restart points. */
  readonly blockRestartInterval: number
  /** Name of the codec that blocks are compressed with, or `none`. */
  readonly compression: string
  /** Metaindex names of the filters to build. */
  readonly filters: readonly string[]
  /** What the properties name as the writing software. */
  readonly creator: string
}

/** The code behind the names in {@link TableSettings}: whoever runs jobs brings it. */
export interface TableComponents {
  /** Compression of blocks, by name and by number. */
  readonly codecs: CodecRegistry
  /** Filter policies that tables may be written with. */
  readonly filters: readonly FilterPolicy[]
}

/** How the builder of a job's tables is set. */
export function builderOptions(
  { table, createdAt }: { readonly table: TableSettings; readonly createdAt: number },
  components: TableComponents,
): TableBuilderOptions {
  return {
    blockSize: table.blockSize,
    blockRestartInterval: table.blockRestartInterval,
    codec: codecOf(table, components),
    filters: filtersOf(table, components),
    creator: table.creator,
    createdAt,
  }
}

/** The codec of the settings; `undefined` to store blocks raw. */
function codecOf(settings: TableSettings, components: TableComponents): Codec | undefined {
  if (settings.compression === 'none') return undefined
  const codec = components.codecs.byName(settings.compression)
  if (codec === undefined) {
    const known = ['none', ...components.codecs.names].join(', ')
    throw new LsmError('LSM_NOT_SUPPORTED', `no codec is called '${settings.compression}'; there are ${known}`)
  }
  return codec
}

/** The filter policies of the settings. */
function filtersOf(settings: TableSettings, components: TableComponents): FilterPolicy[] {
  return settings.filters.map(name => {
    const policy = components.filters.find(({ metaName }) => metaName === name)
    if (policy === undefined) throw new LsmError('LSM_NOT_SUPPORTED', `no filter policy is called '${name}'`)
    return policy
  })
}
