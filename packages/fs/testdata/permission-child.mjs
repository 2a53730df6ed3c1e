// Does one of everything in a directory, under Node's permission model.
import { nodeFileSystem } from '../dist/node-file-system.js'

const directory = await nodeFileSystem.openDirectory(process.argv[2], true)
const lock = await directory.lock('LOCK')
const file = await directory.createFile('a.log')
file.append(new Uint8Array(5), 0, 5)
await file.sync()
await file.close()
await directory.replaceFile('CURRENT', new Uint8Array(3))
await directory.sync()
const reader = directory.openFileSync('a.log')
const count = await reader.read(0, new Uint8Array(10), 0, 10)
await reader.close()
const names = (await directory.list()).map(entry => entry.name).sort()
await directory.removeFile('a.log')
await lock.release()
console.log(JSON.stringify({ count, names, denied: !process.permission.has('fs.read', '/') }))
