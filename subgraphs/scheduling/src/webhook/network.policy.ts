import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** The only part of IPv6 that is given out for public use; what lies outside is never somebody's server. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/**
 * Which addresses this server connects to for somebody else: public ones, and networks that a setting allows. Loopback,
 * private, link-local, multicast, documentation and every other special range are refused, also when an IPv4 address is
 * wrapped in an IPv6 one.
 */
export class NetworkPolicy {
  readonly #allowed: [Address, number][];

  /** @param allowed CIDRs beside the public addresses */
  constructor(allowed: readonly string[]) {
    this.#allowed = allowed.map((network) => ipaddr.parseCIDR(network));
  }

  /** Whether a connection to this address, written as text, is allowed. */
  permits(text: string): boolean {
    if (isIP(text) === 0) return false;
    const address = ipaddr.process(text);
    return isPublic(address) || this.#allowed.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));
  }
}

function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast') return false;
  return address.kind() === 'ipv4' || (address as ipaddr.IPv6).match(GLOBAL_UNICAST);
}
