/**
 * Several clients of one database: each does its next operation when its last one has been answered.
 */

/** Does operations 0 to `count - 1`, begun in this order, by so many clients; resolves when all are done. */
export async function byClients(
  clients: number,
  count: number,
  act: (operation: number, client: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const client = async (number: number): Promise<void> => {
    while (next < count) await act(next++, number)
  }
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)))
}
