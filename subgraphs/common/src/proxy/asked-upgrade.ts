import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';

/** What came of asking for a WebSocket. */
export interface UpgradeAnswer {
  answer: IncomingMessage;
  /** The connection, with the first bytes that came on it; undefined when it was refused. */
  upgraded?: { socket: Duplex; head: Buffer };
}

export interface AskedUpgrade {
  origin: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** How long the answer may take. */
  idleMs: number;
}

/** Asks a server for a WebSocket. Undici does not tell with which answer an upgrade was refused. */
export async function askForUpgrade({ origin, path, headers, idleMs }: AskedUpgrade, signal: AbortSignal): Promise<UpgradeAnswer> {
  const answered = Promise.withResolvers<UpgradeAnswer>();
  const { protocol, hostname, port } = new URL(origin);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const asking = (protocol === 'https:' ? httpsRequest : httpRequest)({ host, port, path, agent: false, headers: { ...headers, connection: 'Upgrade', upgrade: 'websocket' } });
  const giveUp = (reason: Error) => asking.destroy(reason);
  const tooLate = setTimeout(() => giveUp(new DOMException(`no answer within ${idleMs / 1_000} s`, 'TimeoutError')), idleMs);
  const gone = () => giveUp(signal.reason as Error);
  signal.addEventListener('abort', gone, { once: true });
  asking.once('upgrade', (answer, socket, head) => answered.resolve({ answer, upgraded: { socket, head } }));
  asking.once('response', (answer) => answered.resolve({ answer }));
  asking.on('error', (error) => answered.reject(error));
  asking.end();
  try {
    return await answered.promise;
  } finally {
    clearTimeout(tooLate);
    signal.removeEventListener('abort', gone);
  }
}
