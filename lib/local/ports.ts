import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/**
 * Below what systems give to outgoing connections (from 32768 on Linux, from 49152 elsewhere): a port of those may be taken before the program
 * that it was found for listens there.
 */
const FIRST = 16_384;
const END = 32_768;
/** So many in a row that are taken would mean that none is free. */
const ATTEMPTS = 1_000;

/** Finds ports of 127.0.0.1 that are free now, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  // All are held at once, so that none is found twice.
  const held = new Map<number, Server>();
  for (let attempt = 0; held.size < count && attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(FIRST, END);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (isFree) held.set(port, server);
  }
  await Promise.all([...held.values()].map((server) => once(server.close(), 'close')));
  if (held.size < count) throw new Error(`no ports of 127.0.0.1 between ${FIRST} and ${END} are free`);
  return [...held.keys()];
}
