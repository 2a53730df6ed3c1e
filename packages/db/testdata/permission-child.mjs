// Lives a whole life of a database, under Node's permission model.
import { Database } from '@lsm/db'

const options = { workers: 0, writeBufferSize: 8192, maxFileSize: 8192 }
const path = process.argv[2]

const first = await Database.open(path, options)
for (let i = 0; i < 500; i++) await first.put(`key ${i % 300}`, `value ${i}`, { sync: i % 100 === 0 })
await first.compactRange()
await first.put('in the log', 'yes', { sync: true })
await first.close()

const again = await Database.open(path, options)
const { ok } = await Database.verify(path)
const entries = (await again.iterator().all()).length
await again.close()
console.log(JSON.stringify({ ok, entries, denied: !process.permission.has('fs.read', '/') }))
