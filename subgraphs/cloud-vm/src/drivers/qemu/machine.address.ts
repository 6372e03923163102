import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { PortMapping } from './machine.folder.js';

/** How far above the guest's a port lies that cannot have its number on this host. */
const HIGH = 20_000;

/**
 * The addresses that a machine may have, in the order in which it tries them: places in 127.77.0.0/16 drawn by its
 * id, so that two Hutongs on one host seldom meet.
 */
export function* addressesFor(id: string): Generator<string> {
  for (let attempt = 0; ; attempt++) {
    const [third, fourth] = createHash('sha256').update(`${id} ${attempt}`).digest();
    if (fourth! > 0 && fourth! < 255) yield `127.77.${third}.${fourth}`;
  }
}

/**
 * Which port of the address each of the guest's ports gets: the same number where it may be bound, else one above
 * 20,000, as for ports below 1,024 without root, or when a program listens on that port of every address. Null when
 * a port can have neither, so that another address must be tried.
 */
export async function mapPorts(address: string, guestPorts: readonly number[]): Promise<PortMapping[] | null> {
  const mapped: PortMapping[] = [];
  for (const guestPort of guestPorts) {
    const wanted = [guestPort, guestPort + HIGH <= 65_535 ? guestPort + HIGH : guestPort - HIGH];
    const free = [];
    for (const port of wanted) if (free.length === 0 && !mapped.some(({ hostPort }) => hostPort === port) && (await canBind(address, port))) free.push(port);
    if (free[0] === undefined) return null;
    mapped.push({ guestPort, hostPort: free[0] });
  }
  return mapped;
}

async function canBind(address: string, port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, address);
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return true;
  } catch {
    return false;
  }
}
