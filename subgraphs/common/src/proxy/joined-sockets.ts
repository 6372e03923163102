import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';

/** How long one end may take for its last bytes when the other has ended. */
const LINGERING_MS = 5_000;
/** A peer that vanished without a word is found out by the system. */
const PROBE_MS = 30_000;

/** Joins two connections to one: what one says the other hears, at the pace of whoever is slower; when one ends, both do. */
export function joinSockets(one: Duplex, other: Duplex): void {
  for (const [from, to] of [[one, other], [other, one]] as const) {
    (from as Socket).setTimeout?.(0).setNoDelay(true).setKeepAlive(true, PROBE_MS);
    from.on('error', () => from.destroy());
    const end = () => {
      if (to.destroyed) return;
      to.end();
      const destroy = setTimeout(() => to.destroy(), LINGERING_MS);
      to.once('close', () => clearTimeout(destroy));
    };
    from.once('end', end).once('close', end);
    from.pipe(to);
  }
}
