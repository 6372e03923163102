import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** Of one connection only (RFC 9110, 7.6.1). */
const HOP_BY_HOP = ['connection', 'proxy-connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'http2-settings', 'expect', 'proxy-authenticate', 'proxy-authorization'];

/** Prove who asks: what is behind the gateway is told the caller instead. */
const CREDENTIALS = ['authorization', 'x-auth-token', 'token', 'csrfpreventiontoken', 'cookie'];

/** What the sender says of proxies on its way, which is anything it likes, and what the platform's processes tell each other. */
const OURS = /^(?:x-forwarded-.*|forwarded|x-real-ip|via|hutong-.*|traceparent|tracestate|x-request-id)$/;

/** A sender may not have these taken away by naming them in `Connection`. */
const KEPT = new Set(['host', 'content-length', 'content-type']);

/** Headers of a request that go on to what answers it: neither those of the connection nor credentials nor anything about proxies. */
export function passedOn(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const dropped = new Set([...HOP_BY_HOP, ...CREDENTIALS, ...namedBy(headers.connection)]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name) && !OURS.test(name)));
}

/** Takes off a request what is not passed on. That it has a body of unknown length stays to be seen. */
export function takeOff(request: IncomingMessage): void {
  const coding = request.headers['transfer-encoding'];
  const headers = { ...passedOn(request.headers), ...(coding === undefined ? {} : { 'transfer-encoding': coding }) };
  request.headers = headers;
  request.rawHeaders = Object.entries(headers).flatMap(([name, value]) => [value ?? []].flat().flatMap((one) => [name, one]));
}

/** Headers of an answer that go on to who asked. */
export function passedBack(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const dropped = new Set([...HOP_BY_HOP, ...namedBy(headers.connection)]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name) && !name.startsWith('hutong-')));
}

const namedBy = (connection: string | string[] | undefined): string[] =>
  [connection ?? []].flat().join(',').split(',').map((name) => name.trim().toLowerCase()).filter((name) => !KEPT.has(name));
