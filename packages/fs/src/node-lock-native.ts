/**
 * The system's lock on an open file, through the package `fs-native-extensions` where it is installed.
 *
 * It is the only layer that keeps a native LevelDB out for as long as we are in. Nothing here may fail for want of
 * it: not the import (not installed, `--no-addons`, no build for the platform), not a file system without locks.
 */
import { errorCode } from './node-errors.ts'

interface NativeModule {
  readonly tryLock: (fd: number) => boolean
}

/** A variable, so that bundlers do not look for a package that is rarely there. */
const PACKAGE = 'fs-native-extensions'

const HELD: ReadonlySet<string> = new Set(['EAGAIN', 'EACCES', 'EBUSY'])

let loading: Promise<NativeModule | undefined> | undefined

/**
 * Locks an open file until it is closed.
 *
 * @returns whether it is locked now; `undefined` if there is no such lock here.
 */
export async function lockNatively(fd: number): Promise<boolean | undefined> {
  loading ??= load()
  const native = await loading
  if (native === undefined) return undefined
  try {
    return native.tryLock(fd)
  } catch (error) {
    return HELD.has(errorCode(error)) ? false : undefined
  }
}

async function load(): Promise<NativeModule | undefined> {
  try {
    const loaded = (await import(PACKAGE)) as { default?: Partial<NativeModule> } & Partial<NativeModule>
    const tryLock = loaded.tryLock ?? loaded.default?.tryLock
    return typeof tryLock === 'function' ? { tryLock } : undefined
  } catch {
    return undefined
  }
}
