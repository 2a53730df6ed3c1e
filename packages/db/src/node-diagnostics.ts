/**
 * Events of every database of the process on Node's diagnostics channels, for tools that know no database object.
 *
 *     lsm:flush   lsm:compaction   lsm:stall   lsm:error   lsm:runner   lsm:leak
 *
 * A message is `{ path, event }`: the database's directory, and the event as `db.events` gives it. A channel that nobody
 * subscribed to costs one look.
 *
 * The channels are kept for good. Node forgets one that nobody holds by its name, some time after it was collected: whoever has
 * subscribed under that name in between would hear nothing.
 */
import { channel, type Channel } from 'node:diagnostics_channel'

import type { DatabaseEventMap, EventTap } from './events.ts'

const CHANNELS: { readonly [N in keyof DatabaseEventMap]: Channel } = {
  flush: channel('lsm:flush'),
  compaction: channel('lsm:compaction'),
  stall: channel('lsm:stall'),
  error: channel('lsm:error'),
  runner: channel('lsm:runner'),
  leak: channel('lsm:leak'),
}

/** Publishes the events of the database at a path. */
export function diagnosticsTap(path: string): EventTap {
  return (name, event) => {
    const subscribed = CHANNELS[name]
    if (subscribed.hasSubscribers) subscribed.publish({ path, event })
  }
}
