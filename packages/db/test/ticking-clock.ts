/**
 * A clock that goes on by being looked at and by being waited for: how long a turn has lasted is then decided by what was
 * done in it, nobody waits for a timer, and a run with the same seed is the same run.
 */

/** Milliseconds that pass with each look. */
const TICK = 0.25
/** Some day. */
const START = Date.UTC(2025, 0, 1)

/** Runs with a clock of its own, from the same start. */
export async function withTickingClock<T>(body: () => Promise<T>): Promise<T> {
  const now = performance.now.bind(performance)
  const today = Date.now.bind(Date)
  const timeout = globalThis.setTimeout
  let time = 0
  performance.now = () => (time += TICK)
  Date.now = () => START + Math.floor(time)
  const soon = (callback: () => void, milliseconds = 0): ReturnType<typeof setTimeout> =>
    timeout(() => {
      time += milliseconds
      callback()
    }, 0)
  globalThis.setTimeout = Object.assign(soon, timeout)
  try {
    return await body()
  } finally {
    performance.now = now
    Date.now = today
    globalThis.setTimeout = timeout
  }
}
