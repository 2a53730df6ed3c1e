// Writes until it is killed, and tells its parent which keys were acknowledged.
import { Database } from '@lsm/db'

const db = await Database.open(process.argv[2], { writeBufferSize: 50_000 })
for (let i = 0; ; i += 20) {
  const keys = Array.from({ length: 20 }, (_, j) => `key-${i + j}`)
  await Promise.all(keys.map(key => db.put(key, `value of ${key}`)))
  process.send(keys)
  if (i % 1000 === 0) await new Promise(resolve => setImmediate(resolve))
}
