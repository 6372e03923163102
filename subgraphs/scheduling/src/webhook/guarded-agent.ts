import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP } from 'node:net';
import { Agent, buildConnector } from 'undici';
import type { NetworkPolicy } from './network.policy.js';

/** The webhook's host has no address that the policy permits. */
export class AddressNotAllowed extends Error {
  override readonly name = 'AddressNotAllowed';
}

/** Finds every address of a host name; Node's own by default. */
export type Resolve = (host: string, options: LookupOptions, callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void) => void;

interface AgentOptions {
  policy: NetworkPolicy;
  maxResponseBytes: number;
  resolve?: Resolve;
}

const CONNECT_TIMEOUT_MS = 5_000;

const resolveAll: Resolve = (host, options, callback) => systemLookup(host, { ...options, all: true }, callback);

/**
 * An HTTP client that connects to permitted addresses only. The check is made on the addresses that the connection is
 * then opened to, so a name that resolves differently the next time (DNS rebinding) gains nothing.
 */
export function guardedAgent({ policy, maxResponseBytes, resolve = resolveAll }: AgentOptions): Agent {
  const guardedLookup = (host: string, options: LookupOptions, callback: (...answer: unknown[]) => void) => {
    resolve(host, options, (error, addresses) => {
      if (error) return callback(error);
      const permitted = addresses.filter(({ address }) => policy.permits(address));
      const [first] = permitted;
      if (!first) return callback(new AddressNotAllowed('no permitted address'));
      return options.all ? callback(null, permitted) : callback(null, first.address, first.family);
    });
  };
  const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup: guardedLookup as never });
  return new Agent({
    // A literal address is never looked up, so it is checked here.
    connect: (options, callback) => {
      const host = options.hostname.replace(/^\[|\]$/g, '');
      if (isIP(host) !== 0 && !policy.permits(host)) return callback(new AddressNotAllowed('literal address'), null);
      return connect(options, callback);
    },
    maxResponseSize: maxResponseBytes,
  });
}
