import type { IncomingMessage } from 'node:http';
import proxyAddr from 'proxy-addr';

/** The address of who sent a request; empty when the connection is gone. */
export type ClientAddress = (request: IncomingMessage) => string;

/** Believes `X-Forwarded-For` from its end on, for as long as those who tell are trusted proxies. */
export function clientAddress(trustedProxies: readonly string[]): ClientAddress {
  if (trustedProxies.length === 0) return ({ socket }) => socket.remoteAddress ?? '';
  const isTrusted = proxyAddr.compile([...trustedProxies]);
  return (request) => proxyAddr(request, isTrusted) ?? '';
}
