import { ReadContext } from '@lsm/base'
import { MemoryFileSystem } from '@lsm/fs'
import { iteratorConformance, type Entry } from '@lsm/testkit'

import { BlockCache } from './block-cache.ts'
import { CodecRegistry, DEFAULT_CODECS } from './codec.ts'
import { blockedBloomFilter } from './full-filter.ts'
import { LevelIterator, type LevelTable } from './level-iterator.ts'
import { SNAPPY } from './snappy.ts'
import { TableBuilder } from './table-builder.ts'
import { TableCache } from './table-cache.ts'

const filters = [blockedBloomFilter(10)]

describeLevels('with everything resident', 1 << 20, 1000)
describeLevels('with a miss before every block', 0, 1000)
describeLevels('with a miss before every table and block', 0, 1)

function describeLevels(how: string, cacheSize: number, maxOpenFiles: number): void {
  for (const perTable of [1, 7, 1000]) {
    iteratorConformance(`a level of tables of ${perTable}, ${how},`, async entries => {
      const directory = await new MemoryFileSystem().openDirectory('/level', true)
      const files: LevelTable[] = []
      for (let at = 0; at < entries.length; at += perTable) {
        const file = await directory.createFile(`${String(files.length + 1).padStart(6, '0')}.ldb`)
        const builder = new TableBuilder(file, {
          blockSize: 100,
          blockRestartInterval: 4,
          codec: SNAPPY,
          filters,
          creator: 'test',
          createdAt: 0,
        })
        for (const entry of entries.slice(at, at + perTable)) add(builder, entry)
        const { size, largest } = builder.finish()
        await file.close()
        files.push({ number: files.length + 1, size, largest })
      }
      const tables = new TableCache(directory, maxOpenFiles, {
        verifyChecksums: true,
        maxBlockSize: 1 << 20,
        codecs: new CodecRegistry(DEFAULT_CODECS),
        filters,
        cache: new BlockCache(cacheSize),
      })
      const context = new ReadContext()
      const iterator = new LevelIterator(files, tables, context)
      return {
        iterator,
        context,
        async close() {
          iterator.close()
          await tables.close()
        },
      }
    })
  }
}

function add(builder: TableBuilder, { key, value }: Entry): void {
  builder.add(key, 0, key.length, value, 0, value.length)
}
