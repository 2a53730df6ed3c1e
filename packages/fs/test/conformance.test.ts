import { CrashableFileSystem } from '../src/testing/index.ts'
import { MemoryFileSystem } from '../src/memory-file-system.ts'
import { NodeFileSystem } from '../src/node-file-system.ts'
import { fileSystemConformance } from './conformance.ts'
import { inFolder } from './temporary-folder.ts'

fileSystemConformance('memory', body => body({ fileSystem: new MemoryFileSystem(), path: 'stores/one' }))

fileSystemConformance('node', body =>
  inFolder(folder => body({ fileSystem: new NodeFileSystem(), path: `${folder}/one` })),
)

fileSystemConformance('crashable', body => body({ fileSystem: new CrashableFileSystem(), path: 'stores/one' }))

fileSystemConformance('crashable, with others between', body =>
  body({ fileSystem: new CrashableFileSystem({ pause: () => new Promise(setImmediate) }), path: 'stores/one' }),
)
