/**
 * Events of every database of the process on Node's diagnostics channels, for tools that know no database object.
 *
 *     lsm:flush   lsm:compaction   lsm:stall   lsm:error   lsm:runner   lsm:leak
 *
 * A message is `{ path, event }`: the database's directory, and the event as `db.events` gives it. A channel that nobody
 * subscribed to costs one look.
 */
import { channel } from 'node:diagnostics_channel'

import type { EventTap } from './events.ts'

/** Publishes the events of the database at a path. */
export function diagnosticsTap(path: string): EventTap {
  return (name, event) => {
    const subscribed = channel(`lsm:${name}`)
    if (subscribed.hasSubscribers) subscribed.publish({ path, event })
  }
}
