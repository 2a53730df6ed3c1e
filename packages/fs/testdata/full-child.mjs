// Appends past the limit on the size of files that it was started with, and says what became of it.
import { nodeFileSystem } from '../dist/node-file-system.js'

process.on('SIGXFSZ', () => {})
const directory = await nodeFileSystem.openDirectory(process.argv[2], true)
const file = await directory.createFile('a.log')
const bytes = new Uint8Array(100_000).fill(0x61)
file.append(bytes, 0, 100)
const answers = []
for (const end of [bytes.length, 50]) {
  try {
    file.append(bytes, 0, end)
    answers.push('appended')
  } catch (error) {
    answers.push(error.code)
  }
  answers.push(file.size, (await directory.list())[0].size)
}
await file.close()
console.log(JSON.stringify(answers))
