/** Does a flush in a worker thread and ends without closing anything. Prints how many entries were written. */
import { TYPE_VALUE } from '@lsm/base'
import { WorkerRunner } from '@lsm/compaction/node'
import { nodeFileSystem } from '@lsm/fs/node'
import { MemTable } from '@lsm/memtable'
import { CodecRegistry, DEFAULT_CODECS } from '@lsm/sstable'

const memtable = MemTable.create(4096)
memtable.add(1, TYPE_VALUE, Uint8Array.of(97, 98), 0, 1, 1, 2)
memtable.freeze()
const directory = await nodeFileSystem.openDirectory(process.argv[2], true)
const runner = new WorkerRunner(directory, { codecs: new CodecRegistry(DEFAULT_CODECS), filters: [] }, 1)
const table = { blockSize: 4096, blockRestartInterval: 16, compression: 'none', filters: [], creator: 'test' }
const job = { kind: 'flush', memtable: memtable.share(), fileNumber: 5, readers: [1], createdAt: 0, table }
const { entriesWritten } = await runner.run(job)
process.stdout.write(`${entriesWritten}\n`)
