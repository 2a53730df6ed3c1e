import { MemoryFileSystem } from '../src/memory-file-system.ts'
import { NodeFileSystem } from '../src/node-file-system.ts'
import { fileSystemConformance } from './conformance.ts'
import { inFolder } from './temporary-folder.ts'

fileSystemConformance('memory', body => body({ fileSystem: new MemoryFileSystem(), path: 'stores/one' }))

fileSystemConformance('node', body =>
  inFolder(folder => body({ fileSystem: new NodeFileSystem(), path: `${folder}/one` })),
)
