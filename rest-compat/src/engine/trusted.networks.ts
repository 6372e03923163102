import ipaddr from 'ipaddr.js';
import type { TrustedNetwork } from './settings.js';

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Finds out which user an address stands for. */
export class TrustedNetworks {
  readonly #networks: readonly { range: Range; username: string }[];

  constructor(networks: readonly TrustedNetwork[]) {
    this.#networks = networks.map(({ network, username }) => ({ range: ipaddr.parseCIDR(network), username }));
  }

  /** @returns undefined for an address of none of them; of several that hold it the first counts */
  userAt(address: string): string | undefined {
    if (this.#networks.length === 0 || !ipaddr.isValid(address)) return undefined;
    // An IPv4 address may come as ::ffff:10.0.0.1.
    const at = ipaddr.process(address);
    return this.#networks.find(({ range }) => at.kind() === range[0].kind() && at.match(range))?.username;
  }
}
