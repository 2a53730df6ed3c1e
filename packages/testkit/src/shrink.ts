/**
 * From a list that makes something fail to a short one that still does.
 *
 *     1 2 3 4 5 6 7 8   fails
 *     . . . . 5 6 7 8   fails: the first half is not needed
 *     . . . . . . 7 8   does not: half of what is left is too much, so quarters are tried, then single items
 *     . . . . 5 . 7 .   fails, and without 5 or 7 it does not
 *
 * Does not know what the items are. What it finds is short, not the shortest.
 */

/** Leaves out of `items`, which fail, as much as can be left out in so many attempts. Keeps their order. */
export async function shrink<T>(
  items: readonly T[],
  fails: (items: readonly T[]) => Promise<boolean>,
  attempts: number,
): Promise<readonly T[]> {
  let shortest = items
  for (let size = Math.ceil(items.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    // From the end: what comes before a failure has led to it, what comes behind has not.
    for (let end = shortest.length; end > 0 && attempts > 0; end -= size) {
      const without = [...shortest.slice(0, Math.max(0, end - size)), ...shortest.slice(end)]
      attempts--
      if (await fails(without)) shortest = without
    }
  }
  return shortest
}
