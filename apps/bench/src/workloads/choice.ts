/**
 * Which key the next write goes to.
 */
import { Random } from '../random.ts'
import type { Size } from './workload.ts'

/** Begins the same choices each time it is called. Writes are asked for in order, each once. */
export type Choice = (size: Size) => (write: number) => number

/** Keys in order, around and around. */
export const inOrder: Choice =
  ({ keys }) =>
  write =>
    write % keys

/** Each key as likely as another. */
export const atRandom: Choice = ({ keys, seed }) => {
  const random = new Random(seed)
  return () => random.below(keys)
}
