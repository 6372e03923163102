import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SettingError } from '../environment/settings.js';
import { setBodyDeadline } from './body-deadline.js';
import { draining } from './draining.js';
import { collectInPassing } from './passing-garbage.js';

/** The port cannot be listened on; the message is the one line to stop the start with. */
export class ListenError extends SettingError {}

/** An HTTP server that listens. */
export interface HttpListener {
  readonly server: Server;
  readonly port: number;
  /** Lets running requests finish for so long, answers others meanwhile, and ends what still runs then. */
  readonly drain: (patienceMs: number) => Promise<void>;
}

const REASONS: Record<string, string> = {
  EADDRINUSE: 'is taken by another program; stop that, or set PORT to another',
  EACCES: 'needs rights that this user does not have; set PORT to one above 1023',
  EADDRNOTAVAIL: 'cannot be listened on: HOST is no address of this machine',
  ENOTFOUND: 'cannot be listened on: HOST is no known name',
};

/** A request's head comes within this, or its connection is closed: nobody holds one for nothing. */
const HEAD_MS = 20_000;
const HEADS_LOOKED_AT_MS = 5_000;

/**
 * Whether processes that share a port each have a socket of their own, between which the system shares connections out. Elsewhere
 * the first process of a cluster hands them over; one that it hands to a process which has just died is never answered.
 */
const SYSTEM_SHARES = process.platform === 'linux';

/** Where to listen. */
export interface ListenAddress {
  host: string;
  port: number;
  /** The setting that the port comes from, for the message. */
  setting?: string;
  /** Whether other workers of a cluster listen there, too. */
  isShared?: boolean;
}

/** Whoever offers another protocol, as curl and Java do with `Upgrade: h2c`, is answered in HTTP/1.1 (RFC 9110, 7.8). */
const asksForWebSocket = ({ method, headers }: IncomingMessage): boolean => method === 'GET' && /^websocket$/i.test(headers.upgrade ?? '');

/** @throws ListenError */
export async function listen(handler: RequestListener, { host, port, setting = 'PORT', isShared = false }: ListenAddress): Promise<HttpListener> {
  collectInPassing();
  const server = createServer({ keepAliveTimeout: 65_000, headersTimeout: HEAD_MS, connectionsCheckingInterval: HEADS_LOOKED_AT_MS, requestTimeout: 0, shouldUpgradeCallback: asksForWebSocket });
  server.on('request', setBodyDeadline).on('request', handler);
  const drain = draining(server);
  server.listen({ port, host, reusePort: isShared && SYSTEM_SHARES });
  try {
    await once(server, 'listening');
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    throw new ListenError(`${setting}: ${host}:${port} ${REASONS[code] ?? `cannot be listened on: ${message}`}, for example ${setting}=4100`, { cause });
  }
  return { server, port: (server.address() as AddressInfo).port, drain };
}
