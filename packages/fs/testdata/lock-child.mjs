// Takes and gives back locks as its parent tells it; run with `fork`, after the package was built.
import { lockDirectory } from '../dist/node-lock.js'
import { lockFile } from '../dist/node-lock-file.js'
import { ownerFiles } from '../dist/node-lock-owner-file.js'
import { foreignLocks } from '../dist/node-lock-proc.js'
import { socketName } from '../dist/node-lock-socket.js'

const LAYERS = new Map([
  ['all', [[foreignLocks], [socketName, ownerFiles], [lockFile]]],
  ['name', [[foreignLocks], [socketName]]],
  ['owner file', [[ownerFiles]]],
])
let lock

process.on('message', async ({ take, root }) => {
  if (take === undefined) {
    await lock?.release()
    lock = undefined
    process.send({ released: true })
    return
  }
  try {
    lock = await lockDirectory({ path: root, root, name: 'LOCK', fileMode: 0o600 }, LAYERS.get(take))
    process.send({ kind: lock.kind })
  } catch (error) {
    process.send({ code: error.code, message: error.message })
  }
})
process.send({ ready: true })
