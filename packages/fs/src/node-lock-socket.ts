/**
 * A name that only one process can hold, and that the kernel takes back when it dies.
 *
 * On Linux a socket in the abstract namespace, on Windows a named pipe: both are listened on by one process at a
 * time and neither leaves anything on disk. The name is made from the directory's device and inode, so every path
 * to the directory leads to the same one.
 *
 * 1. It does not keep the process alive, and whoever connects is turned away.
 * 2. It is tried on the spot: a name that can be taken twice excludes nobody, so it is no lock. Runtimes other than
 *    Node are known to bind something else than the name they were given.
 *
 * Anyone on the machine may take a name of this namespace; a hostile neighbour can thus keep a directory from being
 * opened, but never open it.
 */
import { connect, createServer, type Server } from 'node:net'

import { errorCode } from './node-errors.ts'
import { lockedError, type LockHold, type LockLayer, type LockPlace } from './node-lock-layer.ts'
import { readLivingOwner } from './node-lock-owner.ts'

const KINDS: ReadonlyMap<string, readonly [kind: string, prefix: string]> = new Map([
  ['linux', ['abstract socket', '\0']],
  ['android', ['abstract socket', '\0']],
  ['win32', ['named pipe', '\\\\.\\pipe\\']],
] as const)

/** Takes the name that belongs to the directory. */
export const socketName: LockLayer = {
  async take({ path, file, id }: LockPlace): Promise<LockHold | undefined> {
    const found = KINDS.get(process.platform)
    if (found === undefined) return undefined
    const [kind, prefix] = found
    const name = `${prefix}lsm-lock-${id}`
    const server = createServer(socket => socket.destroy())
    const failure = await listen(server, name)
    if (failure === 'EADDRINUSE') throw lockedError(path, await readLivingOwner(file))
    if (failure === undefined && (await isTaken(name))) return { kind, release: () => close(server) }
    await close(server)
    return undefined
  },
  async look({ path, file, id }: LockPlace): Promise<void> {
    const prefix = KINDS.get(process.platform)?.[1]
    if (prefix !== undefined && (await answers(`${prefix}lsm-lock-${id}`))) {
      throw lockedError(path, await readLivingOwner(file))
    }
  },
}

/** Whether somebody listens on a name. The system answers for a process that is busy. */
function answers(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ path })
    const end = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.on('connect', () => end(true)).on('error', () => end(false))
  })
}

async function isTaken(name: string): Promise<boolean> {
  const server = createServer()
  const failure = await listen(server, name)
  if (failure === undefined) await close(server)
  return failure === 'EADDRINUSE'
}

/** Listens, in this very process even if it is a worker of a cluster; returns the code of the failure. */
function listen(server: Server, path: string): Promise<string | undefined> {
  return new Promise(resolve => {
    server.on('error', error => resolve(errorCode(error)))
    server.listen({ path, exclusive: true }, () => resolve(undefined))
    server.unref()
  })
}

/** Stops listening; one that never did is as good as stopped. */
function close(server: Server): Promise<void> {
  return new Promise(resolve => server.close(() => resolve()))
}
