// Does what must reach the disk in a certain order, for a parent that traces the calls of the system.
import { nodeFileSystem } from '../dist/node-file-system.js'

const directory = await nodeFileSystem.openDirectory(process.argv[2], true)
await directory.replaceFile('CURRENT', new Uint8Array(3))
const file = await directory.createFile('a.log')
file.append(new Uint8Array(5), 0, 5)
await file.sync()
await file.close()
await directory.syncFile('a.log')
await directory.sync()
await directory.removeFile('a.log')
